//! Building the update of an order from its content.

use super::content::{AssessmentContent, Group, OrderContent, TestKey};
use crate::paylocity::model::{AssessmentUpdate, OrderUpdate, ReportLink, TestUpdate, Text};
use crate::schema::part::Part;

/// Returns the update of an order.
pub(crate) fn update(content: &OrderContent<'_>) -> OrderUpdate {
    let assessments = content.assessments.iter();
    let mut update = OrderUpdate {
        assessments: assessments
            .map(|(id, assessment)| assessment_update(*id, assessment))
            .collect(),
        ..OrderUpdate::default()
    };
    fill(&mut update, &content.own);
    update
}

fn assessment_update(id: Option<&str>, content: &AssessmentContent<'_>) -> AssessmentUpdate {
    let mut assessment = AssessmentUpdate {
        assessment_id: id.map(Text::from),
        ..AssessmentUpdate::default()
    };
    for (key, test) in &content.tests {
        let results = assessment.assessment_results.get_or_insert_default();
        results.tests.push(test_update(*key, test));
    }
    fill(&mut assessment, &content.own);
    assessment
}

fn test_update(key: TestKey<'_>, content: &Group<'_>) -> TestUpdate {
    let mut test = TestUpdate {
        id: Some(Text::from(key.id)),
        ..TestUpdate::default()
    };
    test.score.get_or_insert_default().attempt = Some(key.attempt);
    fill(&mut test, content);
    test
}

fn fill(part: &mut impl Part, content: &Group<'_>) {
    part.set_values(|column| content.values.text(column).map(Text::from));
    part.add_reports(content.reports.iter().map(|report| ReportLink {
        name: report.name.map(Text::from),
        url: report.url.map(Text::from),
    }));
}
