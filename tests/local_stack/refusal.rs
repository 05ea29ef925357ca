//! Anything unsupported stops the start, with a message that says what and where.

use crate::bench::start;

async fn refusal(resources: &str) -> String {
    match start(resources).await {
        Ok(stack) => {
            stack.stop().await.unwrap();
            String::new()
        }
        Err(error) => error.to_string(),
    }
}

fn function(event: &str) -> String {
    format!(
        "
  Api: {{ Type: AWS::Serverless::HttpApi, Properties: {{}} }}
  Work: {{ Type: AWS::SQS::Queue }}
  Probe:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: probe }} }}
    Properties: {{ CodeUri: ., Events: {{ E: {event} }} }}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_template_features_are_start_errors() {
    for (resources, names) in [
        ("  Topic: { Type: AWS::SNS::Topic }\n".to_owned(), "Topic: resource type AWS::SNS::Topic"),
        ("  Q: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }\n".to_owned(), "Q: property FifoQueue"),
        ("  Q: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !Cidr [] } }\n".to_owned(), "intrinsic Fn::Cidr"),
        ("  Q: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !Ref Nobody } }\n".to_owned(), "Ref Nobody"),
        (function("{ Type: S3, Properties: {} }"), "event type S3"),
        (function("{ Type: SQS, Properties: { Queue: !GetAtt Work.Arn, FilterCriteria: {} } }"), "FilterCriteria"),
        (
            function("{ Type: ScheduleV2, Properties: { ScheduleExpression: 'cron(0 * * * ? *)' } }"),
            "cron(0 * * * ? *)",
        ),
        (function("{ Type: HttpApi, Properties: { ApiId: !Ref Api, Method: ANY, Path: /x } }"), "the route ANY /x"),
        (
            function("{ Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: '/{x+}' } }"),
            "the route GET /{x+}",
        ),
        (
            function(
                "{ Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: /x, Auth: { Scopes: [a] } } }",
            ),
            "Scopes",
        ),
        (
            function(
                "{ Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: /x, \
                 Auth: { Authorizer: NONE, AuthorizationScopes: [a] } } }",
            ),
            "AuthorizationScopes without an authorizer",
        ),
    ] {
        let said = refusal(&resources).await;
        assert!(said.contains(names), "{resources} said: {said}");
    }
}
