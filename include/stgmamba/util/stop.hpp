// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM ask long loops to save and end; a second signal ends the process at once.
#pragma once

namespace stgmamba::util {

void install_stop_signals();
bool stop_requested();
void request_stop();  // what a first signal does; for --max-time and tests
void clear_stop_request();

}  // namespace stgmamba::util
