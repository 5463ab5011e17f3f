//! The stored state of an order compared with its input; parsed only if the two differ.

use serde::Serialize;

use super::plan::{OnAmbiguous, Planned, plan};
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::OrderUpdate;

/// The stored state of an order.
#[derive(Debug, Clone)]
pub(crate) enum Remembered {
    /// The order was never sent.
    Nothing,
    /// The state equals the input, all of it accepted: the usual case when a file is imported again.
    All,
    /// Any other state.
    Other(Box<OrderState>),
}

impl Remembered {
    /// Compares the stored text with the input, `wanted`; the error is the parser's message.
    ///
    /// # Errors
    /// If the text was not written by [`OrderState::to_json`].
    pub(crate) fn read(text: Option<&str>, wanted: &OrderUpdate) -> Result<Self, String> {
        match text {
            None => Ok(Self::Nothing),
            Some(text) if !wanted.is_empty() && text == all_accepted(wanted) => Ok(Self::All),
            Some(text) => Ok(Self::Other(Box::new(OrderState::from_json(text)?))),
        }
    }

    /// Returns the state in full.
    pub(crate) fn known(&self, wanted: &OrderUpdate) -> OrderState {
        match self {
            Self::Nothing => OrderState::default(),
            Self::All => OrderState {
                accepted: wanted.clone(),
                ..OrderState::default()
            },
            Self::Other(known) => OrderState::clone(known),
        }
    }

    /// Plans the delivery of the order as [`plan`] does; calls `wanted` only if it is needed.
    pub(crate) fn plan(
        &self,
        wanted: impl FnOnce() -> OrderUpdate,
        policy: OnAmbiguous,
        resend_all: bool,
    ) -> Planned {
        match self {
            Self::Nothing => Planned::of_new(),
            Self::All if !resend_all => Planned::unchanged(),
            _ => {
                let wanted = wanted();
                plan(&wanted, Some(&self.known(&wanted)), policy, resend_all)
            }
        }
    }
}

/// Returns the JSON of the [`OrderState`] of an order whose whole input was accepted, without a copy of the body.
fn all_accepted(accepted: &OrderUpdate) -> String {
    #[derive(Serialize)]
    struct Accepted<'a> {
        accepted: &'a OrderUpdate,
        unsettled: bool,
    }
    let state = Accepted {
        accepted,
        unsettled: false,
    };
    // Serializing texts into memory cannot fail.
    serde_json::to_string(&state).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(score: &str) -> OrderUpdate {
        let reports = json!([{"name": "R"}]);
        serde_json::from_value(json!({"overallScore": score, "overallReports": reports})).unwrap()
    }

    fn accepted(body: &OrderUpdate) -> OrderState {
        let mut known = OrderState::default();
        known.intend(body);
        known.accept(body);
        known
    }

    #[test]
    fn a_stored_state_has_the_plan_of_its_full_state() {
        let mut lost = accepted(&body("1"));
        lost.intend(&body("2"));
        let table = [
            None,
            Some(OrderState::default()),
            Some(accepted(&body("1"))),
            Some(accepted(&body("2"))),
            Some(accepted(&OrderUpdate::default())),
            Some(lost),
        ];
        for known in table {
            let text = known.as_ref().map(OrderState::to_json);
            for wanted in [body("1"), OrderUpdate::default()] {
                let remembered = Remembered::read(text.as_deref(), &wanted).unwrap();
                let expected = known.clone().unwrap_or_default();
                assert_eq!(remembered.known(&wanted), expected);
                for (policy, resend) in [
                    (OnAmbiguous::Hold, false),
                    (OnAmbiguous::Resend, false),
                    (OnAmbiguous::Resend, true),
                ] {
                    assert_eq!(
                        remembered.plan(|| wanted.clone(), policy, resend),
                        plan(&wanted, known.as_ref(), policy, resend),
                        "{remembered:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_wholly_accepted_input_is_recognized_by_its_text() {
        let text = accepted(&body("1")).to_json();
        let remembered = |wanted| Remembered::read(Some(&text), &wanted).unwrap();
        assert!(matches!(remembered(body("1")), Remembered::All));
        assert!(matches!(remembered(body("2")), Remembered::Other(_)));
        assert!(Remembered::read(Some("{"), &body("1")).is_err());
    }
}
