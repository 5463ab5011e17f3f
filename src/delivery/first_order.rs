//! Sends the first order alone. If the API is down or refuses everything, only one order is affected.

use tokio::sync::watch;

use super::retry::RetryAction;
use crate::paylocity::response::Response;

/// Holds back all workers but the first until a response shows that the API works.
#[derive(Debug)]
pub(super) struct StartGate(watch::Sender<bool>);

impl Default for StartGate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl StartGate {
    pub(super) fn open(&self) {
        self.0
            .send_if_modified(|is_open| !std::mem::replace(is_open, true));
    }

    pub(super) async fn opened(&self) {
        // Fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}

/// Returns whether a response shows that the API works: the server accepted the update, or refused its content.
pub(super) fn shows_working_api(action: RetryAction, response: &Response) -> bool {
    let status = response.status().unwrap_or_default();
    match action {
        RetryAction::Accept => true,
        RetryAction::Reject => (400..500).contains(&status) && status != 403,
        RetryAction::RefreshToken
        | RetryAction::Throttle(_)
        | RetryAction::RetryNotApplied(_)
        | RetryAction::RetryAmbiguous => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(response: &Response) -> bool {
        shows_working_api(RetryAction::from_response(response), response)
    }

    #[test]
    fn only_an_answer_to_the_content_shows_that_the_api_works() {
        let status_shows = |status| {
            shows(&Response::Answered {
                status,
                retry_after: None,
                message: None,
            })
        };
        assert!([200, 204, 400, 404, 409].into_iter().all(status_shows));
        let others = [301, 401, 403, 429, 500, 502, 503];
        assert!(!others.into_iter().any(status_shows));
        assert!(!shows(&Response::Lost(String::new())));
    }
}
