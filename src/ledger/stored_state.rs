//! What a ledger keeps of an order beside what its inputs say: taken apart only where the two differ.

use serde::Serialize;

use super::plan::{OnAmbiguous, Planned, plan};
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::OrderUpdate;

/// What a ledger remembers of an order.
#[derive(Debug, Clone)]
pub(crate) enum Remembered {
    /// Nothing: as far as it goes, the order was never sent.
    Nothing,
    /// That all which the inputs say was accepted, and nothing else: so it is with most orders of a file that comes again.
    All,
    /// Something else.
    Other(Box<OrderState>),
}

impl Remembered {
    /// Reads what a ledger keeps of an order of which the inputs say `wanted`; an error is the reader's words.
    ///
    /// # Errors
    /// When the text was not written by [`OrderState::to_json`].
    pub(crate) fn read(text: Option<&str>, wanted: &OrderUpdate) -> Result<Self, String> {
        match text {
            None => Ok(Self::Nothing),
            Some(text) if !wanted.is_empty() && text == all_accepted(wanted) => Ok(Self::All),
            Some(text) => Ok(Self::Other(Box::new(OrderState::from_json(text)?))),
        }
    }

    /// Returns what is known of the order.
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

    /// Plans what to send of the order, as [`plan`] does; `wanted` is made only where it is looked at.
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

/// Returns the stored state of an order whose whole input was accepted: the JSON of [`OrderState`], without a copy of the
/// body.
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
    fn what_is_remembered_gives_what_is_known_and_the_plan_that_follows() {
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
    fn what_was_accepted_as_a_whole_is_told_by_its_text() {
        let text = accepted(&body("1")).to_json();
        let remembered = |wanted| Remembered::read(Some(&text), &wanted).unwrap();
        assert!(matches!(remembered(body("1")), Remembered::All));
        assert!(matches!(remembered(body("2")), Remembered::Other(_)));
        assert!(Remembered::read(Some("{"), &body("1")).is_err());
    }
}
