// SPDX-License-Identifier: MIT
#include "stgmamba/weights/name_map.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fnmatch.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::weights {
namespace {

struct BuiltIn {
  const char* name;
  const char* rules;
};

/// PyTorch before 0.4.1 wrote no num_batches_tracked, which nothing here reads. Networks with instance norm keep no
/// running statistics, though files of batch norm, or of PyTorch before 0.4, have them.
constexpr BuiltIn kBuiltIn[] = {
    {"mdvs", "strip module.\nmissing *.num_batches_tracked\n"},
    {"stgcn", "strip module.\nstrip gcn.\nmissing *num_batches_tracked\n"},
    {"vid2vid",
     "strip module.\nspare *.running_mean\nspare *.running_var\nspare *.num_batches_tracked\n"
     "missing *.num_batches_tracked\n"},
    {"pix2pixhd",
     "strip module.\nspare *.running_mean\nspare *.running_var\nspare *.num_batches_tracked\n"
     "missing *.num_batches_tracked\n"},
    {"vgg19", "strip module.\nspare classifier.*\nspare features.3[0-9].*\n"},
};

}  // namespace

bool matches_any(const std::string& name, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

NameMap NameMap::parse(std::string_view text, const std::string& where) {
  NameMap map;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string verb, first, second, rest;
    words >> verb >> first >> second >> rest;
    const std::size_t given = (first.empty() ? 0U : 1U) + (second.empty() ? 0U : 1U) + (rest.empty() ? 0U : 1U);
    if (verb.empty()) {
      continue;
    }
    if (verb == "take" && given == 1) {
      map.take_.push_back(first);
    } else if ((verb == "strip" && given == 1) || (verb == "rename" && given == 2)) {
      map.rules_.push_back({first, second});
    } else if (verb == "spare" && given == 1) {
      map.spare_.push_back(first);
    } else if (verb == "missing" && given == 1) {
      map.missing_.push_back(first);
    } else {
      throw ConfigError(
          "{}:{}: must be 'take KEY', 'strip PREFIX', 'rename PREFIX NEW', 'spare GLOB' or 'missing GLOB', got '{}'",
          where, number, line);
    }
  }
  return map;
}

NameMap NameMap::load(const std::string& file_or_name) {
  for (const BuiltIn& map : kBuiltIn) {
    if (file_or_name == map.name) {
      return parse(map.rules, map.name);
    }
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(file_or_name, error)) {
    throw ConfigError("{}: no such file of name rules, and none of the built-in maps {}", file_or_name,
                      util::join(built_in(), ", "));
  }
  return parse(util::read_text(file_or_name), file_or_name);
}

std::vector<std::string> NameMap::built_in() {
  std::vector<std::string> names;
  for (const BuiltIn& map : kBuiltIn) {
    names.emplace_back(map.name);
  }
  return names;
}

std::map<std::string, std::string> NameMap::old_names(const Arrays& tensors, const std::string& origin) const {
  std::string taken;  // "KEY." of the first take rule that finds something
  for (const std::string& key : take_) {
    const auto first = tensors.lower_bound(key + ".");
    if (first != tensors.end() && first->first.starts_with(key + ".")) {
      taken = key + ".";
      break;
    }
  }
  if (!take_.empty() && taken.empty()) {
    throw CheckpointError("{}: holds no tensors under {}", origin, util::join(take_, ", "));
  }
  std::map<std::string, std::string> olds;
  for (auto it = tensors.lower_bound(taken); it != tensors.end() && it->first.starts_with(taken); ++it) {
    std::string name = it->first.substr(taken.size());
    for (const Rule& rule : rules_) {
      if (name.starts_with(rule.prefix)) {
        name = rule.replacement + name.substr(rule.prefix.size());
      }
    }
    const auto [place, fresh] = olds.emplace(name, it->first);
    if (!fresh) {
      throw CheckpointError("{}: the name rules make one name, {}, of {} and {}", origin, name, place->second,
                            it->first);
    }
  }
  return olds;
}

}  // namespace stgmamba::weights
