//! Message templates.

use super::{Context, Done};
use crate::world::Template;

pub(super) fn list(context: &Context<'_>, waba: &str) -> Done {
    let templates = context.meta.world().waba(&context.bearer, waba)?.templates.iter().map(Template::node).collect();
    Ok(context.page(templates))
}
