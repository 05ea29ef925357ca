//! One operation of the document: parameters, body and answers as compiled schemas.

use super::deviation::{Deviation, Finding};
use super::{DocumentError, Exchange, Node, Part, Violation};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value, json};

#[derive(Debug)]
struct Parameter {
    name: String,
    required: bool,
    schema: Value,
    validator: Validator,
}

#[derive(Debug)]
struct Body {
    required: bool,
    /// Form fields: text, also accepted in the query.
    form: bool,
    schema: Value,
    validator: Validator,
}

#[derive(Debug)]
pub(super) struct Operation {
    id: String,
    method: String,
    /// The path after the first segment.
    tail: Vec<String>,
    node: Node,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<(String, Validator)>,
}

/// Compiles every operation.
pub(super) fn compile(document: &Value) -> Result<Vec<Operation>, DocumentError> {
    let mut operations = Vec::new();
    for (path, item) in members(document, "paths") {
        let shared: Vec<&Value> = list(item, "parameters").collect();
        for method in ["get", "post", "delete"] {
            if let Some(written) = item.get(method) {
                operations.push(
                    Compiler { document, id: text(written, "operationId") }
                        .operation(path, method, written, &shared)?,
                );
            }
        }
    }
    Ok(operations)
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The schema of a JSON body or response.
fn content(value: &Value) -> Option<&Value> {
    value.get("content")?.get("application/json")?.get("schema")
}

struct Compiler<'a> {
    document: &'a Value,
    id: String,
}

impl Compiler<'_> {
    fn operation(
        &self,
        path: &str,
        method: &str,
        written: &Value,
        shared: &[&Value],
    ) -> Result<Operation, DocumentError> {
        let mut segments = path.split('/').skip(2);
        let node = if segments.next() == Some("{Phone-Number-ID}") { Node::PhoneNumber } else { Node::Waba };
        let mut parameters = Vec::new();
        for parameter in list(written, "parameters").chain(shared.iter().copied()) {
            let parameter = self.resolve(parameter);
            if text(parameter, "in") == "query" {
                let schema = parameter.get("schema").cloned().unwrap_or_else(|| json!({}));
                let required = parameter.get("required") == Some(&Value::Bool(true));
                let validator = self.validator(&schema)?;
                parameters.push(Parameter { name: text(parameter, "name"), required, schema, validator });
            }
        }
        let mut answers = Vec::new();
        for (status, answer) in members(written, "responses") {
            if let Some(schema) = content(self.resolve(answer)) {
                answers.push((status.clone(), self.validator(schema)?));
            }
        }
        Ok(Operation {
            id: self.id.clone(),
            method: method.to_uppercase(),
            tail: segments.map(str::to_owned).collect(),
            node,
            parameters,
            body: written.get("requestBody").map(|body| self.body(body)).transpose()?.flatten(),
            answers,
        })
    }

    fn body(&self, written: &Value) -> Result<Option<Body>, DocumentError> {
        let form = written.pointer("/content/application~1x-www-form-urlencoded/schema");
        let Some(schema) = content(written).or(form).cloned() else { return Ok(None) };
        let required = written.get("required") == Some(&Value::Bool(true));
        let validator = self.validator(&schema)?;
        Ok(Some(Body { required, form: content(written).is_none(), schema, validator }))
    }

    /// Resolves a reference within the document.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let pointer = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(value)
    }

    /// A schema with the components it may refer to.
    fn validator(&self, schema: &Value) -> Result<Validator, DocumentError> {
        let mut root = schema.as_object().cloned().unwrap_or_default();
        root.insert("components".to_owned(), self.document.get("components").cloned().unwrap_or_default());
        let compiled = jsonschema::draft202012::new(&Value::Object(root));
        compiled.map_err(|error| DocumentError::Schema { operation: self.id.clone(), reason: error.to_string() })
    }
}

impl Operation {
    pub(super) fn fits(&self, method: &str, path: &str, node: Option<Node>) -> bool {
        let tail = path.split('/').filter(|segment| !segment.is_empty()).skip(1);
        self.method == method && node == Some(self.node) && tail.eq(self.tail.iter().map(String::as_str))
    }

    pub(super) fn check(&self, exchange: &Exchange<'_>, deviations: &[&Deviation]) -> Vec<Violation> {
        let mut found = self.check_query(exchange, deviations);
        if let Some(body) = &self.body {
            found.extend(self.check_body(body, exchange, deviations));
        }
        let status = exchange.status.to_string();
        let answer = self.answers.iter().find(|(known, _)| *known == status);
        if let (Some((_, validator)), Some(response)) = (answer, exchange.response) {
            found.extend(self.violations(Part::Response, validator, response, exchange, deviations));
        }
        found
    }

    fn check_body(&self, body: &Body, exchange: &Exchange<'_>, deviations: &[&Deviation]) -> Vec<Violation> {
        let form = || fields(&body.schema, exchange);
        match if body.form { Some(form()) } else { exchange.body.cloned() } {
            Some(sent) => self.violations(Part::Request, &body.validator, &sent, exchange, deviations),
            None if body.required => vec![self.missing(Part::Request, String::new(), "the body is missing")],
            None => Vec::new(),
        }
    }

    fn check_query(&self, exchange: &Exchange<'_>, deviations: &[&Deviation]) -> Vec<Violation> {
        let mut found = Vec::new();
        for parameter in &self.parameters {
            let name = &parameter.name;
            match exchange.query.iter().find(|(sent, _)| sent == name) {
                Some((_, value)) => {
                    let typed = typed(&parameter.schema, value);
                    let wrong = self.violations(Part::Query, &parameter.validator, &typed, exchange, deviations);
                    found.extend(wrong.into_iter().map(|violation| Violation { pointer: name.clone(), ..violation }));
                }
                None if parameter.required => {
                    found.push(self.missing(Part::Query, name.clone(), "the parameter is missing"));
                }
                None => {}
            }
        }
        found
    }

    fn missing(&self, part: Part, pointer: String, message: &str) -> Violation {
        let (keyword, message) = ("required".to_owned(), message.to_owned());
        Violation { operation: self.id.clone(), part, pointer, keyword, message }
    }

    fn violations(
        &self,
        part: Part,
        validator: &Validator,
        value: &Value,
        exchange: &Exchange<'_>,
        deviations: &[&Deviation],
    ) -> Vec<Violation> {
        let fields = exchange.query.iter().find(|(name, _)| name == "fields").map(|(_, fields)| fields.as_str());
        let judged = validator.iter_errors(value).filter_map(|error| {
            let (pointer, keyword) = (error.instance_path().to_string(), error.kind().keyword());
            let (operation, instance, missing) = (self.id.as_str(), error.instance(), missing_member(&error));
            let finding = Finding { operation, part, pointer: &pointer, keyword, instance, missing, fields };
            let excused = deviations.iter().any(|deviation| deviation.excuses(&finding));
            let (keyword, message) = (keyword.to_owned(), error.to_string());
            (!excused).then(|| Violation { operation: self.id.clone(), part, pointer, keyword, message })
        });
        judged.collect()
    }
}

fn missing_member<'a>(error: &'a ValidationError<'_>) -> Option<&'a str> {
    match error.kind() {
        ValidationErrorKind::Required { property } => property.as_str(),
        _ => None,
    }
}

/// The fields of a form: Graph reads them from the query and from the body, in either encoding.
fn fields(schema: &Value, exchange: &Exchange<'_>) -> Value {
    let property = |name: &str| schema.get("properties").and_then(|known| known.get(name)).unwrap_or(&Value::Null);
    let query = exchange.query.iter().map(|(name, value)| (name.clone(), typed(property(name), value)));
    let body = exchange.body.and_then(Value::as_object).into_iter().flatten();
    let body = body.map(|(name, value)| {
        let typed = value.as_str().map_or_else(|| value.clone(), |text| typed(property(name), text));
        (name.clone(), typed)
    });
    Value::Object(query.chain(body).collect::<Map<_, _>>())
}

/// Converts a value to the type of its schema: everything in a URL or a form is text. Graph accepts `['A']` as JSON
/// too.
fn typed(schema: &Value, value: &str) -> Value {
    let read = || serde_json::from_str(&value.replace('\'', "\"")).ok();
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number" | "boolean" | "array" | "object") => read().unwrap_or_else(|| Value::from(value)),
        _ => Value::from(value),
    }
}
