use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

#[derive(Debug)]
struct OrderMissing(u32);
impl std::fmt::Display for OrderMissing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "no order {}", self.0) }
}
impl std::error::Error for OrderMissing {}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    match payload["probe"].as_str() {
        Some("context") => Ok(json!({
            "requestId": context.request_id, "arn": context.invoked_function_arn, "deadline": context.deadline,
            "function": context.env_config.function_name, "memory": context.env_config.memory, "logStream": context.env_config.log_stream,
        })),
        Some("custom") => Err(Box::new(OrderMissing(7))),
        Some("panic") => panic!("all is lost"),
        Some("log") => { println!("from Rust"); Ok(Value::Null) }
        _ => Ok(payload),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> { run(service_fn(handler)).await }
