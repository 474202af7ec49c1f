// SPDX-License-Identifier: MIT
// Which tensor of a file goes into which tensor of a network, and what does not fit.
#pragma once

#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "stgmamba/weights/name_map.hpp"

namespace stgmamba::weights {

struct LoadOptions {
  NameMap map;
  std::vector<std::string> allow_missing;  // globs of names that the file need not hold
};

enum class Fit {
  kMatched,
  kLeft,        // missing in the file, as allowed: keeps its value
  kSpare,       // in the file alone, as allowed
  kMissing,     // missing in the file
  kUnexpected,  // in the file alone
  kShape,       // of another shape
};

struct MatchRow {
  std::string name;  // in the network, or what the map made of the file's
  std::string from;  // in the file, before the name map; "" when it is not there
  Fit fit = Fit::kMatched;
  std::vector<std::int64_t> here, there;  // shapes, in the network and in the file
};

struct Match {
  std::string origin;
  std::vector<MatchRow> rows;  // the network's by name, then what only the file has

  std::size_t count(Fit fit) const;
  /// Nothing is missing, unexpected or misshaped, and something matched.
  bool fits() const;
  /// One line: how many there are of each kind that must not be, and the first names of each.
  std::string problem() const;
  /// A summary line and one line a row; matched rows only with `all`.
  std::string table(bool all) const;
};

/// Where no name fits, and none of the map's rules takes a part of the file, the parts that training scripts use are
/// tried: state_dict, model_state_dict, model, generator, netG, net, network, params.
Match match_names(const Arrays& tensors, const torch::nn::Module& module, const std::string& origin,
                  const LoadOptions& options);

}  // namespace stgmamba::weights
