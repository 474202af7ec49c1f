// SPDX-License-Identifier: MIT
// From the tensor names of a file to those of a network. One rule a line, applied to every name in the file's order:
//
//   take KEY             only names under "KEY." count, without it; the first KEY that is there is taken
//   strip PREFIX         "PREFIXx" becomes "x"
//   rename PREFIX NEW    "PREFIXx" becomes "NEWx"
//   spare GLOB           the file may hold these (names after the rules above) though the network has none
//   missing GLOB         the network may have these though the file holds none: they keep their fresh values
//
// Empty lines and what follows a # are ignored. In a GLOB, * stands for any characters, ? for one, [a-c] for a range.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stgmamba/io/array.hpp"

namespace stgmamba::weights {

using Arrays = std::map<std::string, io::Array>;

/// Whether `name` matches any of `globs`.
bool matches_any(const std::string& name, const std::vector<std::string>& globs);

class NameMap {
 public:
  NameMap() = default;
  /// Throws ConfigError "{where}:3: ..." for a line that is no rule.
  static NameMap parse(std::string_view text, const std::string& where);
  /// A rules file, or the name of a built-in map. Throws ConfigError that lists the built-in ones.
  static NameMap load(const std::string& file_or_name);
  /// Maps for published files: "mdvs", "stgcn", "vid2vid", "pix2pixhd", "vgg19" (torchvision's).
  static std::vector<std::string> built_in();

  /// The old name of every tensor that counts, by its new name. `origin` names the file. Throws CheckpointError when
  /// two names become one, or when no KEY of the take rules is there.
  std::map<std::string, std::string> old_names(const Arrays& tensors, const std::string& origin) const;

  bool takes() const { return !take_.empty(); }  // whether there are take rules
  void take(const std::string& key) { take_.push_back(key); }
  const std::vector<std::string>& spare() const { return spare_; }
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  struct Rule {
    std::string prefix, replacement;
  };
  std::vector<std::string> take_;
  std::vector<Rule> rules_;
  std::vector<std::string> spare_, missing_;
};

}  // namespace stgmamba::weights
