#pragma once

namespace rata::script {

/// The descriptors that the process of a script begins with.
inline constexpr int host_socket_fd = 3, host_ring_fd = 4;

/// What the process of a script does, to its end: reads the setup, gives up what it does not need, runs the file and
/// works on what comes through the ring. Returns the exit status.
int host_main();

}  // namespace rata::script
