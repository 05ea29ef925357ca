//! Sample files of media headers: uploaded to Meta, and taken along from another template by downloading Meta's own copy
//! and uploading it again, because a handle is good for one creation only.

use crate::domain::composition::{Composition, MediaType};
use crate::graph::call::Auth;
use crate::graph::calls::upload::{SendFile, StartUpload};
use crate::graph::client::GraphClient;
use crate::graph::download::DownloadError;
use crate::graph::error::GraphError;
use bytes::Bytes;

/// Largest sample that is taken along: Meta's limit for videos in messages, the largest of images and videos. It is held
/// in memory once.
const LARGEST: usize = 16 * 1024 * 1024;

/// Why a sample could not be taken along.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Meta's copy could not be downloaded.
    #[error("failed to download the sample")]
    Download(#[source] DownloadError),
    /// It is not a file that this header may have.
    #[error("the sample does not fit its header")]
    Unfit,
    /// Meta refused the upload, or could not be reached.
    #[error("failed to upload the sample")]
    Upload(#[source] GraphError),
}

/// Uploads a file and returns its handle, which is used at once: it expires.
///
/// # Errors
/// [`GraphError`] when Meta refuses the file, or cannot be reached.
pub async fn upload(graph: &GraphClient, media: MediaType, file: Bytes) -> Result<String, GraphError> {
    let start = StartUpload { app: graph.app(), media, length: file.len() };
    let session = graph.call(&start, Auth::App).await?.id;
    Ok(graph.call(&SendFile { session: &session, file }, Auth::App).await?.h)
}

/// The same template with a new handle for each sample that is an address of Meta's. Other samples are left as they are.
///
/// # Errors
/// [`SampleError`] when a sample cannot be downloaded or uploaded.
pub async fn renewed(graph: &GraphClient, composition: &Composition) -> Result<Composition, SampleError> {
    let mut renewed = composition.clone();
    for (format, address) in composition.sample_addresses() {
        let downloaded = match graph.download(&address, LARGEST).await {
            Ok(downloaded) => downloaded,
            Err(DownloadError::ForeignHost) => continue,
            Err(error) => return Err(SampleError::Download(error)),
        };
        if !downloaded.media.fits(format) {
            return Err(SampleError::Unfit);
        }
        let handle = upload(graph, downloaded.media, downloaded.file).await.map_err(SampleError::Upload)?;
        renewed.replace_sample(&address, &handle);
    }
    Ok(renewed)
}

impl SampleError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Download(DownloadError::Transport(_)) => "sample.unreachable",
            Self::Download(DownloadError::TooLarge) => "sample.too_large",
            Self::Download(DownloadError::ForeignHost | DownloadError::Gone) => "sample.gone",
            Self::Download(DownloadError::OtherType) | Self::Unfit => "sample.type",
            Self::Upload(_) => "sample.not_uploaded",
        }
    }
}

/// The sentence for a stable code about a sample; `None` for other codes.
#[must_use]
pub fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        "sample.unreachable" => "Meta's copy of the sample could not be downloaded. Try again in a moment.",
        "sample.too_large" => "The sample is too large to be taken along. Create the template with a smaller file.",
        "sample.gone" => {
            "Meta's copy of the sample is not available any more. Create the template with a new sample file."
        }
        "sample.type" => {
            "The sample is not of a type that Meta takes for this header. Create the template with another file."
        }
        "sample.not_uploaded" => "The sample could not be uploaded to Meta. Try again in a moment.",
        _ => return None,
    })
}
