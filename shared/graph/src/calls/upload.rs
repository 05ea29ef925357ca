//! Uploading the sample file of a template's header (Meta: "Resumable Upload API").

use crate::call::{GraphCall, GraphRequest, UploadSession};
use bytes::Bytes;
use onboarding_core::domain::composition::MediaType;
use onboarding_core::domain::ids::AppId;
use serde::Deserialize;

/// Opens an upload session. Handles belong to the app in the path, so the caller is the app itself.
pub struct StartUpload<'a> {
    /// Our app.
    pub app: &'a AppId,
    /// The file's type.
    pub media: MediaType,
    /// Its size in bytes.
    pub length: usize,
}

/// The session.
#[derive(Debug, Deserialize)]
pub struct UploadStarted {
    /// Its id.
    pub id: UploadSession,
}

impl GraphCall for StartUpload<'_> {
    const NAME: &'static str = "start_upload";
    type Reply = UploadStarted;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.app.as_str(), "uploads"])
            .with("file_name", &self.media.file_name())
            .with("file_length", &self.length.to_string())
            .with("file_type", self.media.as_str())
    }
}

/// Sends the whole file.
pub struct SendFile<'a> {
    /// The session.
    pub session: &'a UploadSession,
    /// The file.
    pub file: Bytes,
}

/// An uploaded file.
#[derive(Debug, Deserialize)]
pub struct Uploaded {
    /// Its handle, for `header_handle`. Passed on as given: it may consist of several lines.
    pub h: String,
}

impl GraphCall for SendFile<'_> {
    const NAME: &'static str = "send_file";
    type Reply = Uploaded;
    fn request(&self) -> GraphRequest {
        GraphRequest::upload(self.session, self.file.clone())
    }
}
