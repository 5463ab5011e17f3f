//! The retry policy: what a response means for the next attempt. Pure.

use std::time::Duration;

use crate::paylocity::response::Response;

/// What to do after a response, or after none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAction {
    /// The server accepted the update: any 2xx.
    Accept,
    /// The server refused the token.
    RefreshToken,
    /// Too many requests: everybody waits, at least as long as the server asks.
    Throttle(Option<Duration>),
    /// Certainly not applied; retry, at the earliest when the server asks.
    RetryNotApplied(Option<Duration>),
    /// Possibly applied: no answer, or one that does not show whether it was.
    RetryAmbiguous,
    /// A retry would not help. This includes redirects, which are never followed.
    Reject,
}

impl RetryAction {
    /// Classifies a response.
    pub(super) fn from_response(response: &Response) -> Self {
        match response {
            Response::NotSent(_) => Self::RetryNotApplied(None),
            Response::Lost(_) => Self::RetryAmbiguous,
            Response::Answered {
                status,
                retry_after,
                ..
            } => match status {
                200..=299 => Self::Accept,
                401 => Self::RefreshToken,
                429 => Self::Throttle(*retry_after),
                503 => Self::RetryNotApplied(*retry_after),
                300..=499 => Self::Reject,
                // Other 5xx and invalid statuses.
                _ => Self::RetryAmbiguous,
            },
        }
    }

    /// Returns whether the update was certainly not applied and may be sent again.
    pub(super) fn is_not_applied(self) -> bool {
        match self {
            Self::RefreshToken | Self::Throttle(_) | Self::RetryNotApplied(_) => true,
            Self::Accept | Self::RetryAmbiguous | Self::Reject => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Response {
        Response::Answered {
            status,
            retry_after: None,
            message: None,
        }
    }

    #[test]
    fn every_response_has_an_action() {
        let table = [
            (answered(204), RetryAction::Accept),
            (answered(200), RetryAction::Accept),
            (answered(202), RetryAction::Accept),
            (answered(301), RetryAction::Reject),
            (answered(400), RetryAction::Reject),
            (answered(401), RetryAction::RefreshToken),
            (answered(403), RetryAction::Reject),
            (answered(404), RetryAction::Reject),
            (answered(408), RetryAction::Reject),
            (answered(409), RetryAction::Reject),
            (answered(429), RetryAction::Throttle(None)),
            (answered(500), RetryAction::RetryAmbiguous),
            (answered(502), RetryAction::RetryAmbiguous),
            (answered(503), RetryAction::RetryNotApplied(None)),
            (answered(504), RetryAction::RetryAmbiguous),
            (answered(101), RetryAction::RetryAmbiguous),
            (answered(600), RetryAction::RetryAmbiguous),
            (
                Response::NotSent(String::new()),
                RetryAction::RetryNotApplied(None),
            ),
            (Response::Lost(String::new()), RetryAction::RetryAmbiguous),
        ];
        for (response, expected) in table {
            let action = RetryAction::from_response(&response);
            assert_eq!(action, expected, "{response:?}");
        }
    }
}
