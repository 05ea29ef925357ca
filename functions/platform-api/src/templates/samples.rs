//! `POST /v1/onboardings/{id}/template-samples`: uploads the sample file of a media header to Meta.

use super::App;
use super::problem::refused_by_meta;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use shared::domain::composition::MediaType;
use shared::domain::operation::Operation;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{self as web, Reply, Request};
use shared::perform::samples;

/// Largest file: as base64, in which API Gateway hands it over, it fits Lambda's 6 MB for a request.
const LARGEST: usize = 4 * 1024 * 1024;

/// The file as base64 and its type, with room for the names of the members.
const LARGEST_JSON: usize = LARGEST / 3 * 4 + 1024;

struct Sample {
    media: MediaType,
    file: Bytes,
}

impl App {
    /// Uploads a file and returns its handle, for `example.header_handle`.
    pub(crate) async fn upload_sample(
        &self,
        id: &str,
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let sample = read(request)?;
        let onboarding = self.of_onboarding(id).await?;
        self.requested(&onboarding.id, operation).await?;
        let bytes = sample.file.len();
        match samples::upload(&self.graph, sample.media, sample.file).await {
            Ok(handle) => {
                let body = json!({ "handle": handle, "content_type": sample.media.as_str(), "bytes": bytes });
                Ok(web::json(StatusCode::CREATED, &body))
            }
            Err(error) => {
                tracing::warn!(error = shared::telemetry::chain(&error), "sample not uploaded");
                refused_by_meta(&error.into(), &request.request_id)
            }
        }
    }
}

/// The file itself with its content type, or JSON with both.
fn read(request: &Request) -> Result<Sample, Problem> {
    let content_type = request.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let sample = if essence.eq_ignore_ascii_case("application/json") {
        of_json(request)?
    } else {
        Sample { media: media(essence)?, file: request.body.clone() }
    };
    if sample.file.is_empty() {
        return Err(Problem::bad_request("sample.empty", "The file is empty."));
    }
    if sample.file.len() > LARGEST {
        return Err(too_large());
    }
    Ok(sample)
}

fn of_json(request: &Request) -> Result<Sample, Problem> {
    if request.body.len() > LARGEST_JSON {
        return Err(too_large());
    }
    let fields = Fields::read_up_to(LARGEST_JSON, request, &["content_type", "data"])?;
    let missing =
        |field| Problem::bad_request("bad_type", "Send content_type, and the file as base64 in data.").of(field);
    let media = media(fields.text("content_type", 128)?.ok_or(missing("content_type"))?)?;
    let data = fields.value("data").and_then(serde_json::Value::as_str).ok_or(missing("data"))?;
    let file = STANDARD.decode(data).map_err(|_| missing("data"))?;
    Ok(Sample { media, file: file.into() })
}

fn media(content_type: &str) -> Result<MediaType, Problem> {
    let title =
        "Meta takes PDF, JPEG, PNG and MP4 files as samples: application/pdf, image/jpeg, image/png, video/mp4.";
    MediaType::parse(content_type).ok_or(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", title))
}

const fn too_large() -> Problem {
    let title = "A sample may have up to 4 MiB here. Meta only shows it to its reviewers: send a smaller file.";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title)
}
