//! As much JSON (RFC 8259) as is read of what the edge answers: texts in objects. A general reader
//! would be a tenth of the browser's module.

/// The text that a document has at a path of names; `None` where there is none.
pub(crate) fn text_at(json: &str, path: &[&str]) -> Option<String> {
    let mut value = json.trim_start();
    for name in path {
        value = member(value, name)?;
    }
    Some(string(value)?.0)
}

/// The value of an object's member, and all that follows it.
fn member<'a>(object: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = object.strip_prefix('{')?.trim_start();
    loop {
        let (name, after) = string(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        if name == wanted {
            return Some(value);
        }
        rest = skipped(value)?.strip_prefix(',')?.trim_start();
    }
}

/// What follows a value: the comma or bracket behind it.
fn skipped(value: &str) -> Option<&str> {
    let (mut rest, mut depth) = (value, 0_u32);
    loop {
        let at = rest.find(['"', '{', '[', '}', ']', ','])?;
        let (_, found) = rest.split_at_checked(at)?;
        match found.as_bytes().first()? {
            b'"' => {
                rest = string(found)?.1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ if depth == 0 => return Some(found),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        rest = found.get(1..)?;
    }
}

/// The text in quotes that comes first, and what follows it.
fn string(json: &str) -> Option<(String, &str)> {
    let mut letters = json.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some((text, letters.as_str())),
            '\\' => text.push(match letters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => escaped(&mut letters)?,
                other => other,
            }),
            letter => text.push(letter),
        }
    }
}

/// The letter of a `\u` escape, or of two where it takes a pair of surrogates.
fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    let high = unit(letters)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high);
    }
    let low = letters.as_str().strip_prefix("\\u")?;
    *letters = low.chars();
    let low = unit(letters)?.checked_sub(0xdc00)?;
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)
}

/// Four hexadecimal digits.
fn unit(letters: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit << 4 | letters.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = [
        "pub_1",
        "",
        "a \"quoted\" \\ line\nand\tanother\u{1}\u{1f}",
        "直播 \u{1f3a5} {},:[]",
    ];

    #[test]
    fn what_another_writer_writes_is_read() {
        for text in TEXTS {
            let answer = serde_json::json!({
                "before": [1, { "id": "not this" }, "]}", null],
                "empty": {},
                "id": text,
                "error": { "n": -1.5e3, "message": text },
            });
            for written in [
                answer.to_string(),
                serde_json::to_string_pretty(&answer).expect("JSON"),
            ] {
                assert_eq!(text_at(&written, &["id"]).as_deref(), Some(text));
                let message = text_at(&written, &["error", "message"]);
                assert_eq!(message.as_deref(), Some(text));
                assert_eq!(text_at(&written, &["error", "n"]), None);
                assert_eq!(text_at(&written, &["nothing"]), None);
            }
        }
    }

    #[test]
    fn escapes_are_letters() {
        let escaped = r#"{"\u0069d" : "\ud83c\udfa5\/\u00e9\b\f\r"}"#;
        let text = text_at(escaped, &["id"]);
        assert_eq!(text.as_deref(), Some("\u{1f3a5}/\u{e9}\u{8}\u{c}\r"));
    }

    #[test]
    fn what_is_no_such_document_has_no_text() {
        for broken in [
            "",
            "<html>",
            "{",
            r#"{"id"}"#,
            r#"{"id":1}"#,
            r#"{"id":"open"#,
            r#"{"id":"\ud83c"}"#,
            r#"{"id":"\ud83c\u0041"}"#,
            r#"{"id":"\u00g0"}"#,
            r#"["id"]"#,
            r#"{"a":[1,2"#,
        ] {
            assert_eq!(text_at(broken, &["id"]), None, "{broken}");
        }
    }
}
