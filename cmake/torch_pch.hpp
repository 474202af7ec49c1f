// SPDX-License-Identifier: MIT
// The one precompiled header, shared by every target that uses torch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>
