#pragma once

#include "capture/frame.h"
#include "decode/layers.h"

namespace rata::decode {

/// Moves the cursor behind the header of the link layer. `unknown_link` for one that cannot be read.
/// Source: the LINKTYPE_ pages of tcpdump.org.
Next skip_link_header(capture::LinkType link, util::Cursor& cursor) noexcept;

// One function a link layer; the rare ones stand in files of their own.

Next skip_wifi(util::Cursor& cursor) noexcept;      ///< IEEE 802.11
Next skip_radiotap(util::Cursor& cursor) noexcept;  ///< 802.11 behind radiotap
Next skip_prism(util::Cursor& cursor) noexcept;     ///< 802.11 behind a Prism monitor header, or AVS in its place
Next skip_avs(util::Cursor& cursor) noexcept;       ///< 802.11 behind an AVS header
Next skip_nflog(util::Cursor& cursor) noexcept;     ///< Linux netfilter

}  // namespace rata::decode
