//! Tests over the whole system.
