// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM ask long loops to save and end; a signal a second or more after the first ends the process at
// once. Signals closer together are one ask: timeout(1) signals its child and then the child's whole group, and
// schedulers signal every process of a job.
#pragma once

namespace stgmamba::util {

void install_stop_signals();
bool stop_requested();
void request_stop();  // what a first signal does; for --max-time and tests
void clear_stop_request();

}  // namespace stgmamba::util
