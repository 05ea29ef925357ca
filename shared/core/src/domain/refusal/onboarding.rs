//! Access, tokens, limits, credit and coexistence. Meta: "Handle Graph API errors", "Access tokens", "WhatsApp error codes",
//! "Share and revoke credit lines", "System users".

use super::{Row, row};
use crate::domain::failure::Actor::{Customer, Meta, Operator};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row(&[1, 2, 131_000, 131_016], Meta, "Meta had an internal error. It is asked again automatically."),
    row(&[4, 17, 32, 341, 613, 80_007, 80_008, 130_429], Meta, "A rate limit of Meta's was reached. We continue when it lifts."),
    row(&[190, 102, 458, 459, 460, 463, 464, 467, 492], Customer, "The permission is no longer valid. The customer has to connect again."),
    row(&[0, 104], Operator, "Meta received no valid token or app secret proof. Check the app's secret and settings."),
    row(&[101], Operator, "Meta does not know the app's id. Check the app's settings."),
    row(&[3, 10, 200, 131_005], Operator, "A permission is missing or was removed. Check the app's permissions and access level; otherwise the customer has to connect again."),
    row(&[33, 803], Operator, "Meta does not show the account or number to us: it was deleted or is no longer shared, or a permission is missing. The customer has to connect again."),
    row(&[1_349_174, 1_349_175, 1_349_176], Operator, "The app is not linked to the account. The customer has to connect again."),
    row(&[36_007, 36_008, 36_009], Customer, "Meta's confirmation was too old, already used or for another address. The customer has to click again."),
    row(&[368], Meta, "Meta restricts the account because of its policies. See the account's quality page, and appeal there."),
    row(&[131_031, 139_000], Operator, "Meta locked the account. The customer sees the reason in Meta's Business Support Home and appeals there."),
    row(&[131_042], Customer, "There is a problem with the account's payment method. Check WhatsApp Manager."),
    row(&[100, 131_008, 131_009], Operator, "Meta does not accept the request in this form. Check that the account's state allows it."),
    row(&[506], Operator, "Meta received the same request a moment ago. Check whether it was carried out."),
    row(&[2200], Operator, "Meta could not verify the webhook's address. Check that it answers and has the right verify token."),
    row(&[104_001], Operator, "The app does not belong to the system user's portfolio. Add it there."),
    row(&[3949, 3965], Operator, "The portfolio has as many system users as Meta allows. Remove one."),
    row(&[2_494_143], Operator, "Another partner is verifying the business already. Wait for its result."),
    row(&[1_752_041], Operator, "The account was already invited to marketing messages. Nothing has to be done."),
    row(&[200_005, 200_006, 200_007], Operator, "Insights about templates have to be confirmed for the account first."),
    row(&[2_388_077], Operator, "Meta does not offer this combination of insights."),
    row(&[2_593_079, 2_593_085], Operator, "The account is owned in a way that Meta has ended. The customer has to connect an account of its own."),
    row(&[2_593_107], Operator, "The synchronisation was already requested, and Meta allows it once. To repeat it, the customer disconnects and connects again."),
    row(&[2_593_108, 135_000], Operator, "More than 24 hours have passed since the number was connected, so Meta no longer synchronises. The customer may disconnect and connect again."),
    row(&[2_593_109], Operator, "The customer did not share the message history in the app."),
    row(&[2_494_164, 2_494_165, 2_494_166, 2_494_167, 2_494_168, 2_494_169, 2_494_170, 2_494_171, 2_494_172, 2_494_173, 2_494_174,
        2_494_175, 2_494_176, 2_494_177, 2_494_178, 2_494_179],
        Operator, "Meta's signup in the app failed. The customer has to connect again."),
];
