//! Ids of runs: `20260304-170600-abcd`, the start time and four random letters.

use jiff::Timestamp;

/// Returns a new id for a run that started at this time.
pub(crate) fn new_run_id(started_at: Timestamp) -> String {
    let random: String = std::iter::repeat_with(fastrand::lowercase)
        .take(4)
        .collect();
    format!("{}-{random}", started_at.strftime("%Y%m%d-%H%M%S"))
}

/// Returns whether a text has the form of a run id. In a misaligned row the cell may hold any other text.
pub(crate) fn is_run_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [date, time, random] = parts[..] else {
        return false;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (date.len(), time.len(), random.len()) == (8, 6, 4)
        && is_number(date)
        && is_number(time)
        && random.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_run_ids_are_recognized() {
        assert!(is_run_id(&new_run_id(Timestamp::UNIX_EPOCH)));
        for text in [
            "",
            "row-malformed",
            "the row has more cells",
            "20261124-012809-x",
        ] {
            assert!(!is_run_id(text), "{text}");
        }
    }
}
