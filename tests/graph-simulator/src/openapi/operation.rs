//! One operation of the document: parameters, body and answers as compiled schemas.

use super::{DocumentError, Exchange, Node, Part, Violation};
use jsonschema::Validator;
use serde_json::{Value, json};

#[derive(Debug)]
struct Parameter {
    name: String,
    required: bool,
    schema: Value,
    validator: Validator,
}

#[derive(Debug)]
pub(super) struct Operation {
    id: String,
    method: String,
    /// What follows the first segment.
    tail: Vec<String>,
    node: Node,
    parameters: Vec<Parameter>,
    body: Option<Validator>,
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

/// The schema of a JSON body or answer.
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
        let body = written.get("requestBody").and_then(content);
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
            body: body.map(|schema| self.validator(schema)).transpose()?,
            answers,
        })
    }

    /// Follows a reference within the document.
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

    pub(super) fn check(&self, exchange: &Exchange<'_>) -> Vec<Violation> {
        let mut found = self.check_query(exchange.query);
        if let (Some(validator), Some(body)) = (&self.body, exchange.body) {
            found.extend(self.errors(Part::Request, validator, body));
        }
        let status = exchange.status.to_string();
        let answer = self.answers.iter().find(|(known, _)| *known == status);
        if let (Some((_, validator)), Some(response)) = (answer, exchange.response) {
            // `fields` leaves members out, required ones too (Meta: "Graph API, field expansion").
            let narrowed = exchange.query.iter().any(|(name, _)| name == "fields");
            let errors = self.errors(Part::Response, validator, response);
            found.extend(errors.filter(|violation| !narrowed || violation.keyword != "required"));
        }
        found
    }

    fn check_query(&self, query: &[(String, String)]) -> Vec<Violation> {
        let mut found = Vec::new();
        for parameter in &self.parameters {
            match query.iter().find(|(name, _)| *name == parameter.name) {
                Some((name, value)) => {
                    let typed = typed(&parameter.schema, value);
                    let named = |violation| Violation { pointer: name.clone(), ..violation };
                    found.extend(self.errors(Part::Query, &parameter.validator, &typed).map(named));
                }
                None if parameter.required => found.push(Violation {
                    operation: self.id.clone(),
                    part: Part::Query,
                    pointer: parameter.name.clone(),
                    keyword: "required".to_owned(),
                    message: "the parameter is missing".to_owned(),
                }),
                None => {}
            }
        }
        found
    }

    fn errors<'a>(
        &'a self,
        part: Part,
        validator: &'a Validator,
        value: &'a Value,
    ) -> impl Iterator<Item = Violation> + 'a {
        validator.iter_errors(value).map(move |error| Violation {
            operation: self.id.clone(),
            part,
            pointer: error.instance_path().to_string(),
            keyword: error.kind().keyword().to_owned(),
            message: error.to_string(),
        })
    }
}

/// A query value in the type its schema wants: everything in a URL is text.
fn typed(schema: &Value, value: &str) -> Value {
    let read = || serde_json::from_str(&value.replace('\'', "\"")).ok();
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number" | "boolean" | "array" | "object") => read().unwrap_or_else(|| Value::from(value)),
        _ => Value::from(value),
    }
}
