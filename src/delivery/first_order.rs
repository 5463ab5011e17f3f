//! The first order goes alone: where the API is out of order or refuses everything, the others do not run into it.

use tokio::sync::watch;

use super::retry::Verdict;
use crate::delivery::shutdown::Stop;
use crate::paylocity::client::Answer;

/// Keeps all workers but the first from beginning until an answer has shown that the API works.
#[derive(Debug)]
pub(crate) struct Gate(watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Gate {
    /// Lets everybody begin.
    pub(crate) fn open(&self) {
        self.0
            .send_if_modified(|is_open| !std::mem::replace(is_open, true));
    }

    /// Waits until everybody may begin, or a stop is requested.
    pub(crate) async fn opened(&self, stop: &Stop) {
        let mut state = self.0.subscribe();
        tokio::select! {
            // An error would mean that no sender is left, and this is one.
            _ = state.wait_for(|is_open| *is_open) => {}
            () = stop.requested() => {}
        }
    }
}

/// Tells whether an answer shows that the API works: it took the update, or refused it for what is in it.
pub(crate) fn is_working(verdict: Verdict, answer: &Answer) -> bool {
    let status = answer.status().unwrap_or_default();
    match verdict {
        Verdict::Accepted => true,
        Verdict::Final => (400..500).contains(&status) && status != 403,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::retry::verdict;

    #[test]
    fn only_an_answer_to_the_update_itself_shows_that_the_api_works() {
        let shows = |status| {
            let answer = Answer::Response {
                status,
                retry_after: None,
                message: None,
            };
            is_working(verdict(&answer), &answer)
        };
        assert!([200, 204, 400, 404, 409].into_iter().all(shows));
        assert!(![301, 401, 403, 429, 500, 502, 503].into_iter().any(shows));
        let lost = Answer::Lost(String::new());
        assert!(!is_working(verdict(&lost), &lost));
    }
}
