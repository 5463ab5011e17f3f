"""CSV to bodies with DuckDB: one statement, lines of JSON."""

import sys

import duckdb

source, target = sys.argv[1:]
duckdb.execute(f"""
    COPY (
        WITH scores AS (
            SELECT *, row_number() OVER () AS place
            FROM read_csv('{source}', header = true, all_varchar = true)
        ),
        assessments AS (
            SELECT company_id, order_id, assessment_id, min(place) AS place,
                first(overall_score) AS overall_score,
                first(overall_report_name) AS overall_report_name,
                first(overall_report_url) AS overall_report_url,
                {{
                    'assessmentId': assessment_id,
                    'assessmentStatus': {{
                        'updatedAt': first(assessment_status_updated_at), 'value': first(assessment_status)
                    }},
                    'assessmentResults': {{
                        'tests': list({{
                            'id': test_id,
                            'score': {{
                                'value': test_score,
                                'description': test_score_description,
                                'attempt': attempt::INTEGER,
                                'reports': [{{'name': test_report_name, 'url': test_report_url}}]
                            }},
                            'testStatus': {{'updatedAt': test_status_updated_at, 'value': test_status}}
                        }} ORDER BY place),
                        'score': first(assessment_score)
                    }}
                }} AS assessment
            FROM scores GROUP BY company_id, order_id, assessment_id
        )
        SELECT company_id AS companyId, order_id AS orderId,
            {{
                'overallScore': first(overall_score),
                'overallReports': [{{'name': first(overall_report_name), 'url': first(overall_report_url)}}],
                'assessments': list(assessment ORDER BY place)
            }} AS body
        FROM assessments GROUP BY company_id, order_id ORDER BY min(place)
    ) TO '{target}' (FORMAT json)
""")
