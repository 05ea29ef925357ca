//! The actions each function needs.

/// Actions of one service on one resource.
pub(super) type Grant = (&'static str, &'static str, &'static str);

/// What the event source mapping does with a consumer's role.
pub(super) const CONSUME: &str = "DeleteMessage GetQueueAttributes ReceiveMessage";

/// What SQS does with the role of the caller that starts a move task.
pub(super) const MOVE: &str = "DeleteMessage ReceiveMessage";

/// The dead-letter queues.
const DEAD_LETTERS: &str = "CreditDeadLetters MessageRetryDeadLetters OnboardingDeadLetters PlatformEventsDeadLetters \
                            TemplateDeadLetters WebhookDeadLetters";

/// Functions and what their code does. A wider policy fails here first; reviewing a change of this table is the review.
pub(super) const GRANTS: [(&str, &[Grant]); 10] = [
    (
        "code-exchange",
        &[
            ("dynamodb", "GetItem PutItem UpdateItem", "Table"),
            ("secretsmanager", "GetSecretValue", "AppSecret"),
            ("secretsmanager", "CreateSecret", "business-token/*"),
            ("sqs", "SendMessage", "OnboardingQueue"),
        ],
    ),
    (
        "credit-sharing",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("secretsmanager", "GetSecretValue", "AppSecret SystemToken business-token/*"),
            ("secretsmanager", "CreateSecret", "business-token/*"),
            ("sqs", "SendMessage", "CreditQueue OnboardingQueue PlatformEventsQueue"),
            ("sqs", CONSUME, "CreditQueue"),
        ],
    ),
    (
        "message-retry",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("secretsmanager", "GetSecretValue", "AppSecret business-token/*"),
            ("sqs", "SendMessage", "MessageRetryQueue OnboardingQueue PlatformEventsQueue"),
            ("sqs", CONSUME, "MessageRetryQueue"),
        ],
    ),
    (
        "onboarding-steps",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("secretsmanager", "GetSecretValue", "AppSecret business-token/* callback-override/* pin/*"),
            ("secretsmanager", "DeleteSecret", "business-token/* callback-override/*"),
            ("secretsmanager", "CreateSecret", "pin/*"),
            ("sqs", "SendMessage", "CreditQueue OnboardingQueue PlatformEventsQueue"),
            ("sqs", CONSUME, "OnboardingQueue"),
        ],
    ),
    (
        "platform-api",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("dynamodb", "Query", "Table/index/ByList"),
            ("secretsmanager", "GetSecretValue", "AppSecret VerifyToken business-token/*"),
            ("secretsmanager", "CreateSecret", "callback-override/*"),
            (
                "sqs",
                "SendMessage",
                "CreditQueue MessageRetryQueue OnboardingQueue PlatformEventsQueue TemplateQueue WebhookQueue",
            ),
            ("sqs", "GetQueueAttributes StartMessageMoveTask", DEAD_LETTERS),
            ("sqs", MOVE, DEAD_LETTERS),
        ],
    ),
    ("signup-page", &[("dynamodb", "GetItem PutItem UpdateItem Query", "Table")]),
    (
        "sweeper",
        &[
            ("dynamodb", "Query", "Table/index/ByDue"),
            ("sqs", "SendMessage", "MessageRetryQueue OnboardingQueue WebhookQueue"),
        ],
    ),
    (
        "template-poll",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("dynamodb", "Query", "Table/index/ByList"),
            ("secretsmanager", "GetSecretValue", "AppSecret business-token/*"),
            ("sqs", "SendMessage", "OnboardingQueue PlatformEventsQueue TemplateQueue"),
            ("sqs", CONSUME, "TemplateQueue"),
        ],
    ),
    (
        "webhook",
        &[("secretsmanager", "GetSecretValue", "AppSecret VerifyToken"), ("sqs", "SendMessage", "WebhookQueue")],
    ),
    (
        "webhook-events",
        &[
            ("dynamodb", "GetItem PutItem Query", "Table"),
            ("sqs", "SendMessage", "MessageRetryQueue OnboardingQueue PlatformEventsQueue TemplateQueue WebhookQueue"),
            ("sqs", "ChangeMessageVisibility", "WebhookQueue"),
            ("sqs", CONSUME, "WebhookQueue"),
        ],
    ),
];
