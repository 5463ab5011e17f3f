"""Groups rows into bodies in plain Python."""

import json


def write_bodies(rows, path):
    """Groups rows (sequences of texts in the column order of the inputs) and writes one body per line."""
    orders = {}
    for (company_id, order_id, overall_score, overall_name, overall_url, assessment_id, assessment_status,
         assessment_at, assessment_score, test_id, attempt, test_score, description, test_status, test_at,
         report_name, report_url) in rows:
        key = (company_id, order_id)
        order = orders.get(key)
        if order is None:
            body = {
                "overallScore": overall_score,
                "overallReports": [{"name": overall_name, "url": overall_url}],
                "assessments": [],
            }
            order = orders[key] = (body, {})
        body, assessments = order
        tests = assessments.get(assessment_id)
        if tests is None:
            tests = assessments[assessment_id] = []
            body["assessments"].append({
                "assessmentId": assessment_id,
                "assessmentStatus": {"updatedAt": assessment_at, "value": assessment_status},
                "assessmentResults": {"tests": tests, "score": assessment_score},
            })
        tests.append({
            "id": test_id,
            "score": {
                "value": test_score,
                "description": description,
                "attempt": int(attempt),
                "reports": [{"name": report_name, "url": report_url}],
            },
            "testStatus": {"updatedAt": test_at, "value": test_status},
        })
    with open(path, "w", encoding="utf-8") as file:
        for (company_id, order_id), (body, _) in orders.items():
            line = {"companyId": company_id, "orderId": order_id, "body": body}
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
            file.write("\n")
