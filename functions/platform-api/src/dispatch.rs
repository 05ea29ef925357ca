//! Which function answers which route. The scopes of each are in [`crate::routes`].

use crate::{App, EVENT_SCHEMA, OPENAPI, console, templates};
use http::{Method, StatusCode};
use shared::domain::operation::Operation;
use shared::gateway::Handler;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, reply};

impl Handler for App {
    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let segments = request.segments();
        // The operators' page contains no data and needs no token; the issuer redirects back to it with its own
        // parameters.
        if let (&Method::GET, ["console", file @ ..]) = (&request.method, segments.as_slice()) {
            return console::serve(self.login.as_ref(), &request, file);
        }
        let operation = self.access.permit(&request, &segments)?;
        check_parameters(&request, &segments)?;
        let app = self.until(request.deadline);
        match (&request.method, segments.as_slice()) {
            (_, ["v1", "sessions", rest @ ..]) => app.session_route(rest, &request, &operation).await,
            (&Method::GET, ["v1", "onboardings"]) => app.list(&request).await,
            (&Method::GET, ["v1", "onboardings", id]) => app.get(id).await,
            (&Method::DELETE, ["v1", "onboardings", id]) => app.leave(id, &request, &operation).await,
            (&Method::GET, ["v1", "onboardings", id, "timeline"]) => app.timeline(id, &request).await,
            (&Method::POST, ["v1", "onboardings", id, "resume"]) => app.resume(id, &request, &operation).await,
            (&Method::POST, ["v1", "onboardings", id, "assign"]) => app.assign(id, &request, &operation).await,
            (&Method::POST, ["v1", "onboardings", id, "template-samples"]) => {
                app.upload_sample(id, &request, &operation).await
            }
            (_, ["v1", "onboardings", id, "templates", rest @ ..]) => {
                app.template_route(id, rest, &request, &operation).await
            }
            (&Method::POST, ["v1", "templates", "preview"]) => templates::show(&request),
            (_, ["v1", "moves", rest @ ..]) => app.migration_route(rest, &request, &operation).await,
            (_, ["v1", "phone-numbers" | "messages", ..]) => app.message_route(&segments, &request, &operation).await,
            (_, ["v1", rest @ ..]) => app.platform_route(rest, &request, &operation).await,
            _ => Err(Problem::not_found()),
        }
    }
}

impl App {
    /// Routes that are not about a single customer.
    async fn platform_route(&self, rest: &[&str], request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        match (&request.method, rest) {
            (&Method::GET, ["limits"]) => self.limits().await,
            (&Method::GET, ["funnel"]) => self.funnel(request).await,
            (&Method::POST, ["signups", "pause"]) => self.pause_signups(true, operation).await,
            (&Method::POST, ["signups", "resume"]) => self.pause_signups(false, operation).await,
            (&Method::GET, ["dead-letters"]) => self.dead_letters().await,
            (&Method::POST, ["dead-letters", queue, "redrive"]) => self.redrive(queue, operation).await,
            (&Method::GET, ["credit-shares"]) => self.credit_shares().await,
            (&Method::GET, ["doctor"]) => self.doctor(request).await,
            (&Method::POST, ["doctor"]) => self.run_doctor(operation).await,
            (&Method::POST, ["doctor", "repair"]) => self.repair(request, operation).await,
            (&Method::GET, ["reception", phone]) => self.reception(phone, request.deadline).await,
            (&Method::GET, ["me"]) => Ok(self.access.me(request)),
            (&Method::GET, ["events", "schema.json"]) => {
                Ok(reply(StatusCode::OK, "application/schema+json", EVENT_SCHEMA.to_owned()))
            }
            (&Method::GET, ["openapi.json"]) => Ok(reply(StatusCode::OK, "application/json", OPENAPI.to_owned())),
            _ => Err(Problem::not_found()),
        }
    }

    async fn session_route(&self, rest: &[&str], request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        match (&request.method, rest) {
            (&Method::POST, []) => self.create_session(request, operation).await,
            (&Method::GET, [id]) => self.get_session(id).await,
            (&Method::DELETE, [id]) => self.revoke_session(id, operation).await,
            _ => Err(Problem::not_found()),
        }
    }

    async fn message_route(
        &self,
        segments: &[&str],
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        match (&request.method, segments) {
            (&Method::POST, [_, "phone-numbers", phone, "messages"]) => {
                self.send_message(phone, request, operation).await
            }
            (&Method::GET, [_, "messages"]) => self.messages(request).await,
            (&Method::GET, [_, "messages", id]) => self.message(id).await,
            (&Method::DELETE, [_, "messages", id]) => self.cancel_message(id, operation).await,
            _ => Err(Problem::not_found()),
        }
    }

    async fn migration_route(&self, rest: &[&str], request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        match (&request.method, rest) {
            (&Method::GET, []) => self.moves().await,
            (&Method::POST, []) => self.begin_move(request, operation).await,
            (&Method::GET, [id]) => self.get_move(id).await,
            (&Method::GET, [id, "timeline"]) => self.move_timeline(id, request).await,
            (&Method::DELETE, [id]) => self.cancel_move(id, operation).await,
            (&Method::POST, [id, "code"]) => self.ask_code(id, request, operation).await,
            (&Method::POST, [id, "verify"]) => self.verify_move(id, request, operation).await,
            (&Method::POST, [id, "resume"]) => self.resume_move(id, operation).await,
            _ => Err(Problem::not_found()),
        }
    }

    async fn template_route(
        &self,
        id: &str,
        rest: &[&str],
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        match (&request.method, rest) {
            (&Method::GET, []) => self.templates(id).await,
            (&Method::POST, []) => self.create_template(id, request, operation).await,
            (&Method::POST, ["refresh"]) => self.refresh_templates(id, operation).await,
            (&Method::GET, [name, language]) => self.template(id, (name, language), request).await,
            (&Method::PATCH, [name, language]) => self.edit_template(id, (name, language), request, operation).await,
            (&Method::DELETE, [name, language]) => self.delete_template(id, (name, language), request, operation).await,
            (&Method::POST, [name, language, "copy"]) => {
                self.copy_template(id, (name, language), request, operation).await
            }
            _ => Err(Problem::not_found()),
        }
    }
}

/// A misspelt or repeated filter would otherwise be ignored.
fn check_parameters(request: &Request, segments: &[&str]) -> Result<(), Problem> {
    let method = &request.method;
    let known: &[&str] = match segments {
        ["v1", "onboardings", _] if *method == Method::DELETE => &["deregister"],
        ["v1", "onboardings"] => &["state", "customer_ref", "search", "cursor"],
        ["v1", "onboardings" | "moves", _, "timeline"] => &["cursor"],
        ["v1", "funnel"] => &["days"],
        ["v1", "messages"] => &["state"],
        _ => &[],
    };
    let mut names: Vec<String> = request.parameters().collect();
    if names.iter().any(|name| !known.contains(&name.as_str())) {
        return Err(Problem::bad_request("unknown_parameter", "A query parameter is unknown."));
    }
    names.sort_unstable();
    let doubled = names.windows(2).any(|pair| pair.first() == pair.last());
    if doubled { Err(Problem::bad_parameter()) } else { Ok(()) }
}
