//! The HTTP side: logging in before connecting, and looking at the counts.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::hall::Hall;
use super::stats::Counts;

/// All routes but those of Socket.IO.
pub fn routes(hall: Arc<Hall>) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/stats", get(stats))
        .route("/health", get(health))
        .route("/reset", post(reset))
        .with_state(hall)
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

async fn login(State(hall): State<Arc<Hall>>, login: Result<Json<Login>, JsonRejection>) -> (StatusCode, Json<Value>) {
    let Ok(Json(Login { user, password })) = login else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid" })));
    };
    match hall.log_in(&user, &password) {
        Some(token) => (StatusCode::OK, Json(json!({ "token": token }))),
        None => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "unauthorized" }))),
    }
}

async fn stats(State(hall): State<Arc<Hall>>) -> Json<Counts> {
    Json(hall.counts())
}

async fn health() -> &'static str {
    "ok"
}

async fn reset(State(hall): State<Arc<Hall>>) -> StatusCode {
    hall.reset();
    StatusCode::NO_CONTENT
}
