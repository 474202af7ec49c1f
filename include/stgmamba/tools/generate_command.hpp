// SPDX-License-Identifier: MIT
// stg_generate: a song in, a dance video out.
#pragma once

namespace stgmamba::tools {

int generate_main(int argc, char** argv);

}  // namespace stgmamba::tools
