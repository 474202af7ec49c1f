// SPDX-License-Identifier: MIT
// How the process deals with the system's memory.
#pragma once

namespace stgmamba::util {

/// Keeps freed memory in the process instead of handing it back. The C library maps and unmaps large blocks, so every
/// step of a training would fetch the same hundreds of megabytes from the system page by page again: up to 0.5 ms per
/// megabyte in a virtual machine, more than the arithmetic on them. Blocks above 32 MiB stay with the system.
void keep_freed_memory();

}  // namespace stgmamba::util
