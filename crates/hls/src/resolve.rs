//! URI reference resolution (RFC 3986 section 5.2).

/// The parts of a URI reference (RFC 3986 appendix B).
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Self {
        let (text, fragment) = cut(text, '#');
        let (text, query) = cut(text, '?');
        let (scheme, text) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let (authority, path) = match text.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Some(authority), path)
            }
            None => (None, text),
        };
        Self {
            scheme,
            authority,
            path,
            query,
            fragment,
        }
    }

    /// RFC 3986 section 5.3.
    fn join(&self, path: &str) -> String {
        let mut text = String::new();
        if let Some(scheme) = self.scheme {
            text.extend([scheme, ":"]);
        }
        if let Some(authority) = self.authority {
            text.extend(["//", authority]);
        }
        text.push_str(path);
        if let Some(query) = self.query {
            text.extend(["?", query]);
        }
        if let Some(fragment) = self.fragment {
            text.extend(["#", fragment]);
        }
        text
    }
}

fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// The URI that `reference` means inside the resource at `base`.
///
/// Never fails: a base without a scheme, such as a file's path, gives a result without one.
///
/// ```
/// assert_eq!(
///     livetape_hls::resolve("https://a.example/live/index.m3u8?t=1", "../seg/1.ts"),
///     "https://a.example/seg/1.ts"
/// );
/// ```
#[must_use]
pub fn resolve(base: &str, reference: &str) -> String {
    let base = Parts::split(base);
    let mut target = Parts::split(reference);
    if target.scheme.is_some() {
        return target.join(&remove_dot_segments(target.path));
    }
    target.scheme = base.scheme;
    if target.authority.is_some() {
        return target.join(&remove_dot_segments(target.path));
    }
    target.authority = base.authority;
    if target.path.is_empty() {
        target.query = target.query.or(base.query);
        return target.join(base.path);
    }
    if target.path.starts_with('/') {
        return target.join(&remove_dot_segments(target.path));
    }
    target.join(&remove_dot_segments(&merge(&base, target.path)))
}

/// RFC 3986 section 5.2.3.
fn merge(base: &Parts<'_>, path: &str) -> String {
    match base.path.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/{path}"),
        None if base.authority.is_some() => format!("/{path}"),
        None => path.to_owned(),
    }
}

/// RFC 3986 section 5.2.4, segment by segment. In a path that does not start with a slash, leading
/// `..` that have nothing to remove are kept: for a path of a file they mean something.
fn remove_dot_segments(path: &str) -> String {
    let (absolute, rest) = match path.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut open = false;
    for segment in rest.split('/') {
        open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => match kept.last() {
                Some(last) if *last != ".." => {
                    kept.pop();
                }
                _ if !absolute => kept.push(".."),
                _ => {}
            },
            _ => kept.push(segment),
        }
    }
    let mut text = String::from(if absolute { "/" } else { "" });
    text.push_str(&kept.join("/"));
    // A dot segment at the end leaves its directory's slash.
    if open && !kept.is_empty() {
        text.push('/');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3986 sections 5.4.1 and 5.4.2, all examples.
    #[test]
    fn examples_of_rfc_3986() {
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g#s/./x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
            ("http:g", "http:g"),
        ] {
            assert_eq!(
                resolve("http://a/b/c/d;p?q", reference),
                expected,
                "{reference}"
            );
        }
    }

    #[test]
    fn what_playlists_hold() {
        let base = "https://h.example:8443/live/index.m3u8";
        for (reference, expected) in [
            ("seg//1.ts", "https://h.example:8443/live/seg//1.ts"),
            ("//cdn.example/1.ts", "https://cdn.example/1.ts"),
            ("data:text/plain;base64,AA==", "data:text/plain;base64,AA=="),
            (
                "video 1.ts?a=b:c",
                "https://h.example:8443/live/video 1.ts?a=b:c",
            ),
        ] {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
        assert_eq!(
            resolve("https://h.example", "1.ts"),
            "https://h.example/1.ts"
        );
    }

    #[test]
    fn paths_of_files() {
        assert_eq!(resolve("media/live/index.m3u8", "../1.ts"), "media/1.ts");
        assert_eq!(resolve("index.m3u8", "1.ts"), "1.ts");
        assert_eq!(resolve("../x/index.m3u8", "../1.ts"), "../1.ts");
        assert_eq!(resolve("index.m3u8", "../../1.ts"), "../../1.ts");
        assert_eq!(resolve("/m/index.m3u8", "https://h/1.ts"), "https://h/1.ts");
    }
}
