"""Converts CSV to bodies with Polars: a lazy scan, two groupings, JSON lines."""

import sys

import polars as pl

source, target = sys.argv[1:]
col = pl.col


def links(name, url):
    return pl.concat_list(pl.struct(col(name).alias("name"), col(url).alias("url")))


test = pl.struct(
    col("test_id").alias("id"),
    pl.struct(
        col("test_score").alias("value"),
        col("test_score_description").alias("description"),
        col("attempt").cast(pl.Int32),
        links("test_report_name", "test_report_url").alias("reports"),
    ).alias("score"),
    pl.struct(col("test_status_updated_at").alias("updatedAt"), col("test_status").alias("value")).alias("testStatus"),
)
assessment = pl.struct(
    col("assessment_id").alias("assessmentId"),
    pl.struct(
        col("assessment_status_updated_at").alias("updatedAt"), col("assessment_status").alias("value")
    ).alias("assessmentStatus"),
    pl.struct(col("tests"), col("assessment_score").alias("score")).alias("assessmentResults"),
)
order = ["company_id", "order_id"]
of_order = ["overall_score", "overall_report_name", "overall_report_url"]
of_assessment = ["assessment_status", "assessment_status_updated_at", "assessment_score"]
(
    pl.scan_csv(source, infer_schema=False)
    .group_by([*order, "assessment_id"], maintain_order=True)
    .agg(col(of_order + of_assessment).first(), test.alias("tests"))
    .group_by(order, maintain_order=True)
    .agg(col(of_order).first(), assessment.alias("assessments"))
    .select(
        col("company_id").alias("companyId"),
        col("order_id").alias("orderId"),
        pl.struct(
            col("overall_score").alias("overallScore"),
            links("overall_report_name", "overall_report_url").alias("overallReports"),
            col("assessments"),
        ).alias("body"),
    )
    .collect()
    .write_ndjson(target)
)
