//! The invariants of the workspace that its manifests show: which crate may know the browser, which the Worker.

use super::packages::Packages;
use crate::failure::Result;

/// A dependency that a single crate of ours may have.
const RESERVED: [(&str, &str); 2] = [("web-sys", "livetape-web"), ("worker", "livetape-worker")];

/// One sentence for each crate that breaks an invariant.
pub(super) fn broken(packages: &Packages) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for member in packages.members() {
        for (dependency, owner) in RESERVED {
            if member.name != owner && member.dependencies.iter().any(|name| name == dependency) {
                findings.push(format!(
                    "{} depends on {dependency}, which only {owner} may name",
                    member.name
                ));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::packages::Package;

    fn member(name: &str, dependency: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            licence: None,
            dependencies: vec![dependency.to_owned()],
            ours: true,
        }
    }

    #[test]
    fn only_its_owner_may_name_a_platform() {
        let packages = Packages::from_list(vec![
            member("livetape-web", "web-sys"),
            member("livetape-worker", "worker"),
            member("livetape-tape", "web-sys"),
        ]);
        let findings = broken(&packages).expect("a look");
        assert_eq!(
            findings,
            ["livetape-tape depends on web-sys, which only livetape-web may name"]
        );
    }
}
