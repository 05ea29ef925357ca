//! One binary, one module a subject.
