//! Plans of an earlier version are delivered, once.

use crate::recorder::Recorder;
use crate::world::{Run, World};

fn apply(world: &World, proxy: &str, plan: &str) -> Run {
    world.deliver(
        proxy,
        &["apply", plan, "--rate", "unlimited", "--no-report"],
    )
}

fn world() -> World {
    World::with_ledger()
        .with("plan.json", "plan.json")
        .with("plan-applied.json", "plan-applied.json")
}

#[test]
fn an_earlier_plan_delivers_its_bodies_once() {
    let (world, recorder) = (world(), Recorder::start());
    // One of its orders is invalid.
    apply(&world, &recorder.url, "plan.json").ends(1);
    let orders = world.json("plan.json")["orders"].clone();
    let orders = orders.as_array().unwrap().iter();
    let is_changed = |body: &serde_json::Value| body.is_object();
    let planned: Vec<_> = orders
        .map(|order| order["body"].clone())
        .filter(is_changed)
        .collect();
    let sent: Vec<serde_json::Value> = recorder
        .bodies()
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent, planned);
    apply(&world, &recorder.url, "plan.json").ends(2);
    assert_eq!(recorder.updates().len(), 2);
}

#[test]
fn an_earlier_plan_that_was_applied_is_refused() {
    let (world, recorder) = (world(), Recorder::start());
    let run = apply(&world, &recorder.url, "plan-applied.json");
    assert!(run.ends(2).stderr.contains("applied"));
    assert_eq!(recorder.updates(), []);
}

#[test]
fn an_earlier_plan_is_refused_once_its_orders_were_delivered_to() {
    let (world, recorder) = (world(), Recorder::start());
    world.import(&recorder.url, &["march.csv"]).ends(0);
    apply(&world, &recorder.url, "plan.json").ends(2);
    assert_eq!(recorder.updates().len(), 1);
}

#[test]
fn an_earlier_plan_is_refused_once_an_input_has_changed() {
    let (world, recorder) = (world(), Recorder::start());
    world.write("next.csv", world.read("next.csv") + "\n");
    apply(&world, &recorder.url, "plan.json").ends(2);
    assert_eq!(recorder.updates(), []);
}

#[test]
fn an_earlier_plan_that_was_edited_is_refused() {
    let (world, recorder) = (world(), Recorder::start());
    let edited = world.read("plan.json").replace("\"76\"", "\"67\"");
    world.write("plan.json", edited);
    apply(&world, &recorder.url, "plan.json").ends(2);
    assert_eq!(recorder.updates(), []);
}

#[test]
fn an_import_after_an_earlier_plan_sends_what_the_plan_would_have_sent() {
    let (world, planned, imported) = (world(), Recorder::start(), Recorder::start());
    apply(&world, &planned.url, "plan.json").ends(1);
    World::with_ledger()
        .import(&imported.url, &["next.csv"])
        .ends(1);
    assert_eq!(imported.bodies(), planned.bodies());
}
