#pragma once

#include <string>

#include "dns/message.h"
#include "util/members.h"

namespace rata::dns {

/// Appends all that a message says, for people: header, every record in presentation form, EDNS with its options, what
/// the opcode makes of it, the kind of response, and where and why its records break off. Lines end with a newline and
/// begin with two blanks. `message`: read by `parse` without a reason to refuse it. `lacks`:
/// what its source did not say, shown as "-".
void append_message(const Message& message, util::MemberSet lacks, std::string& out);

}  // namespace rata::dns
