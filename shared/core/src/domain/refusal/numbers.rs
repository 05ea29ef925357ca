//! Adding, verifying, registering and naming a number. Meta: "Registering phone numbers", "Two-step verification",
//! "Display names", "Usernames", "Migrate a phone number"; some subcodes were only seen in the field.

use super::{Row, row};
use crate::domain::failure::Actor::{Customer, Meta, Operator};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row(&[2_388_001], Operator, "Meta cannot register the number: its display name is not approved yet, its ownership is not confirmed, or two-step verification is still on at the earlier provider. Check these in WhatsApp Manager."),
    row(&[2_388_002, 2_655_011, 3_441_051], Operator, "Meta does not accept this number: it is in use, not valid, or one too many. Use another number."),
    row(&[2_388_004], Operator, "Meta could not send the code. Wait an hour, then choose a call instead of a text message."),
    row(&[2_388_012], Operator, "The account already has this number. Use the one in its list."),
    row(&[2_388_056], Operator, "The number is already registered. Nothing has to be done."),
    row(&[2_388_091], Operator, "Meta sends no codes to this number at the moment: too many were requested, or it is not being migrated. Wait a few hours."),
    row(&[2_388_093], Operator, "Meta did not accept the code, or the number is not being migrated. Request a new code."),
    row(&[2_388_103], Operator, "Meta refuses the migration: both accounts must belong to one verified business, the new one must be approved and have a payment method, and the display name must be approved."),
    row(&[2_388_135], Operator, "The display name does not match the verified business. Choose another name."),
    row(&[2_388_366], Operator, "Meta refused the number and documents no reason. WhatsApp Manager shows it to the customer."),
    row(&[2_207_051], Operator, "The number is not registered here. Nothing has to be done."),
    row(&[2_494_100, 131_057], Meta, "The number is under maintenance at Meta. We try again in a few minutes."),
    row(&[131_037], Meta, "The number's display name has to be approved first."),
    row(&[131_045], Operator, "Meta could not create the number's certificate. Check its display name, then register it again."),
    row(&[133_000], Meta, "An earlier release of the number is not complete. It is repeated automatically."),
    row(&[133_004], Meta, "Meta is temporarily unavailable. It is asked again automatically."),
    row(&[133_005], Customer, "The number has a two-step verification PIN that we do not know. Turn it off in WhatsApp Manager, then continue."),
    row(&[133_006], Customer, "The number has to be verified again in WhatsApp Manager."),
    row(&[133_008, 133_009], Customer, "The number's PIN was entered too often or too fast. Turn it off in WhatsApp Manager, or wait."),
    row(&[133_010], Operator, "The number is not registered. Register it again; another partner may have released it."),
    row(&[133_015], Meta, "The number was deleted a moment ago. We try again in a few minutes."),
    row(&[133_016], Meta, "The number was registered too often. Meta allows it again after 72 hours."),
    row(&[136_024], Operator, "The number is already verified, or codes were requested too often. Check its state before another code is requested."),
    row(&[136_025], Operator, "The code is wrong or was not requested, or the number is used with the WhatsApp Business app and needs no registration."),
    row(&[147_001], Operator, "The username is not available. Choose another one."),
    row(&[147_002], Operator, "The portfolio needs a higher messaging limit for a username."),
    row(&[147_003, 147_004], Operator, "The username belongs to a Facebook page or an Instagram account. Link it to the portfolio first."),
    row(&[147_005], Operator, "Another number of the portfolio has the username. Transfer it from there."),
];
