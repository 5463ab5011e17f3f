//! Guides to topics that span several commands, as Markdown pages. `scoreload help TOPIC` prints one.

/// A guide.
#[derive(Debug, Clone, Copy)]
pub struct Guide {
    /// Name of the topic, as it is typed.
    pub topic: &'static str,
    /// One line for the list of topics.
    pub summary: &'static str,
    /// The page, as Markdown.
    pub text: &'static str,
}

/// Every guide, in reading order.
pub const GUIDES: [Guide; 7] = [
    Guide {
        topic: "files",
        summary: "Formats, limits, cells, times, how rows become orders",
        text: include_str!("files.md"),
    },
    Guide {
        topic: "layouts",
        summary: "Columns, wide sheets, the configuration file",
        text: include_str!("layouts.md"),
    },
    Guide {
        topic: "delivery",
        summary: "Targets, credentials, rate limit, retries, plans, reports, rejected rows",
        text: include_str!("delivery.md"),
    },
    Guide {
        topic: "ledger",
        summary: "How Scoreload knows what was delivered",
        text: include_str!("ledger.md"),
    },
    Guide {
        topic: "nightly",
        summary: "Unattended imports from a directory",
        text: include_str!("nightly.md"),
    },
    Guide {
        topic: "teams",
        summary: "Several machines, customers or people",
        text: include_str!("teams.md"),
    },
    Guide {
        topic: "security",
        summary: "Threats and countermeasures",
        text: include_str!("security.md"),
    },
];

/// Returns the guide to a topic.
pub(crate) fn guide(topic: &str) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.topic == topic)
}

/// Lists the topics, one line each, for the end of the help.
pub(crate) fn list() -> String {
    let line = |guide: &Guide| format!("  {:<13}  {}\n", guide.topic, guide.summary);
    let lines: String = GUIDES.iter().map(line).collect();
    format!("Topics (scoreload help TOPIC):\n{lines}")
}
