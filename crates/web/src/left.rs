//! How long tapes that dead pages left behind stay.

use livetape_tape::has_outlived;

use crate::folder::Folder;

/// Removes those that have outlived their time.
pub(crate) async fn clean_up() {
    let _survey = Folder::survey().await;
    let mut newer = 0;
    for name in Folder::names().await.into_iter().rev() {
        let begun = name.split('-').next().and_then(|begun| begun.parse().ok());
        let age = js_sys::Date::now() as i64 - begun.unwrap_or(0);
        match Folder::left(name).await {
            Ok(folder) if has_outlived(age, newer) => folder.remove().await,
            Ok(folder) => {
                newer += 1;
                folder.leave();
            }
            // A page has it.
            Err(_) => {}
        }
    }
}

/// Removes the oldest of them, for there is no room; false where there is none.
pub(crate) async fn give_up() -> bool {
    let _survey = Folder::survey().await;
    for name in Folder::names().await {
        if let Ok(folder) = Folder::left(name).await {
            folder.remove().await;
            return true;
        }
    }
    false
}
