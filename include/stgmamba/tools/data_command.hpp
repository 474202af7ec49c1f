// SPDX-License-Identifier: MIT
// stg_data: make, import, check, split and show datasets; find the beats of a song.
#pragma once

namespace stgmamba::tools {

int data_main(int argc, char** argv);

}  // namespace stgmamba::tools
