// SPDX-License-Identifier: MIT
// Four puppets of the synthetic corpus, filmed for two seconds each: one trains, three test.
#pragma once

#include <filesystem>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::test {

data::Dataset film_puppets(const std::filesystem::path& folder, int size = 48, std::int64_t frames = 21);

}  // namespace stgmamba::test
