//! Writing who people are. An identity is one person's: of two who want it in the same moment one gets it.

use super::sql;
use super::value::{Statement, Value, free, guarded};
use crate::clock::EpochMs;
use crate::model::{Identity, User, UserName};

pub(super) fn user_put(user: &User, at_ms: EpochMs) -> Vec<Statement> {
    guarded(sql::USER_PUT, vec![user.name.as_str().into(), user.role.as_str().into(), at_ms.into()])
}

/// A person with all their identities.
pub(super) fn user_delete(name: &UserName) -> Vec<Statement> {
    let mut both = guarded(sql::USER_DELETE, vec![name.as_str().into()]);
    both.extend(free(sql::IDENTITY_DELETE_OF, vec![name.as_str().into()]));
    both
}

/// A free identity, or one that is this person's already.
pub(super) fn identity_put(identity: &Identity, person: &UserName) -> Vec<Statement> {
    guarded(sql::IDENTITY_PUT, with_people(identity, &[person]))
}

/// An identity as it was seen, given to somebody else.
pub(super) fn identity_move(identity: &Identity, from: &UserName, person: &UserName) -> Vec<Statement> {
    guarded(sql::IDENTITY_MOVE, with_people(identity, &[from, person]))
}

fn with_people(identity: &Identity, people: &[&UserName]) -> Vec<Value> {
    let mut values = vec![identity.front.as_str().into(), identity.external_id.as_str().into()];
    values.extend(people.iter().map(|person| Value::from(person.as_str())));
    values
}
