// SPDX-License-Identifier: MIT
#include "stgmamba/weights/match.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "stgmamba/util/text.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::weights {
namespace {

constexpr const char* kWrappers[] = {"state_dict", "model_state_dict", "model", "generator", "netG",
                                     "net",        "network",          "params"};

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

const char* fit_text(Fit fit) {
  switch (fit) {
    case Fit::kMatched:
      return "matched";
    case Fit::kLeft:
      return "left as it is";
    case Fit::kSpare:
      return "spare";
    case Fit::kMissing:
      return "missing";
    case Fit::kUnexpected:
      return "unexpected";
    case Fit::kShape:
      return "of another shape";
  }
  return "?";
}

std::string row_text(const MatchRow& row) {
  if (row.fit == Fit::kShape) {
    return fmt::format("{} ({} here, {} there)", row.name, shape_text(row.here), shape_text(row.there));
  }
  return row.name;
}

/// At most eight rows of a kind, so that an error stays one readable line.
std::string some(const std::vector<MatchRow>& rows, Fit fit) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  std::size_t more = 0;
  for (const MatchRow& row : rows) {
    if (row.fit == fit && shown.size() < kShown) {
      shown.push_back(row_text(row));
    } else if (row.fit == fit) {
      ++more;
    }
  }
  return util::join(shown, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

Match match_once(const Arrays& tensors, const std::map<std::string, torch::Tensor>& own, const std::string& origin,
                 const NameMap& map, const std::vector<std::string>& allow_missing) {
  const std::map<std::string, std::string> old_names = map.old_names(tensors, origin);
  Match match;
  match.origin = origin;
  for (const auto& [name, tensor] : own) {
    MatchRow row{name, "", Fit::kMatched, tensor.sizes().vec(), {}};
    if (const auto found = old_names.find(name); found != old_names.end()) {
      row.from = found->second;
      row.there = tensors.at(row.from).shape;
      row.fit = row.here == row.there ? Fit::kMatched : Fit::kShape;
    } else {
      row.fit = matches_any(name, allow_missing) || matches_any(name, map.missing()) ? Fit::kLeft : Fit::kMissing;
    }
    match.rows.push_back(std::move(row));
  }
  for (const auto& [name, old_name] : old_names) {
    if (own.count(name) == 0) {
      const Fit fit = matches_any(name, map.spare()) ? Fit::kSpare : Fit::kUnexpected;
      match.rows.push_back({name, old_name, fit, {}, tensors.at(old_name).shape});
    }
  }
  return match;
}

}  // namespace

std::size_t Match::count(Fit fit) const {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const MatchRow& row) { return row.fit == fit; }));
}

bool Match::fits() const {
  return count(Fit::kMissing) + count(Fit::kUnexpected) + count(Fit::kShape) == 0 && count(Fit::kMatched) > 0;
}

std::string Match::problem() const {
  std::string what;
  for (const Fit fit : {Fit::kMissing, Fit::kUnexpected, Fit::kShape}) {
    if (const std::size_t rows_of_kind = count(fit); rows_of_kind > 0) {
      what += fmt::format("{}{} {}: {}", what.empty() ? "" : "; ", rows_of_kind, fit_text(fit), some(rows, fit));
    }
  }
  if (what.empty() && !fits()) {
    return "no tensor of it has a name of this network";
  }
  const bool other_names = count(Fit::kMatched) + count(Fit::kShape) == 0 && count(Fit::kUnexpected) > 0;
  return what + (other_names ? "; if only the names differ, give name rules (--map)" : "");
}

std::string Match::table(bool all) const {
  std::string text = fmt::format("{}: {} tensors matched", origin, count(Fit::kMatched));
  for (const Fit fit : {Fit::kLeft, Fit::kSpare, Fit::kMissing, Fit::kUnexpected, Fit::kShape}) {
    if (const std::size_t rows_of_kind = count(fit); rows_of_kind > 0) {
      text += fmt::format(", {} {}", rows_of_kind, fit_text(fit));
    }
  }
  std::size_t width = 0;
  for (const MatchRow& row : rows) {
    width = std::max(width, row.name.size());
  }
  for (const MatchRow& row : rows) {
    if (row.fit == Fit::kMatched && !all) {
      continue;
    }
    const bool file_alone = row.fit == Fit::kSpare || row.fit == Fit::kUnexpected;
    text += fmt::format("\n  {:<16}  {:<{}}  {}", fit_text(row.fit), row.name, width,
                        shape_text(file_alone ? row.there : row.here));
    text += row.fit == Fit::kShape ? fmt::format(" here, {} there", shape_text(row.there)) : "";
    text += !row.from.empty() && row.from != row.name ? "  from " + row.from : "";
  }
  return text;
}

Match match_names(const Arrays& tensors, const torch::nn::Module& module, const std::string& origin,
                  const LoadOptions& options) {
  const std::map<std::string, torch::Tensor> own = named_tensors(module);
  Match match = match_once(tensors, own, origin, options.map, options.allow_missing);
  if (match.count(Fit::kMatched) + match.count(Fit::kShape) > 0 || options.map.takes()) {
    return match;
  }
  for (const char* wrapper : kWrappers) {
    NameMap inside = options.map;
    inside.take(wrapper);
    if (tensors.lower_bound(std::string(wrapper) + ".") == tensors.lower_bound(std::string(wrapper) + "/")) {
      continue;  // '/' follows '.': nothing lies under it
    }
    Match found = match_once(tensors, own, fmt::format("{} ({})", origin, wrapper), inside, options.allow_missing);
    if (found.count(Fit::kMatched) > 0) {
      return found;
    }
  }
  return match;
}

}  // namespace stgmamba::weights
