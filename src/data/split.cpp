// SPDX-License-Identifier: MIT
#include "stgmamba/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

/// Disjoint sets of take indices.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) {
      i = parent_[i] = parent_[parent_[i]];
    }
    return i;
  }
  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }

 private:
  std::vector<std::size_t> parent_;
};

struct Group {
  std::string style, first_source;
  std::vector<std::size_t> takes;
};

std::vector<Group> find_groups(const std::vector<TakeInfo>& takes, bool by_song) {
  Groups sets(takes.size());
  std::map<std::string, std::size_t> by_source, by_name, by_person;
  for (std::size_t i = 0; i < takes.size(); ++i) {
    sets.join(i, by_source.emplace(takes[i].source, i).first->second);
    if (!takes[i].person.empty()) {
      sets.join(i, by_person.emplace(takes[i].person, i).first->second);
    }
    if (by_song && !takes[i].song.empty()) {
      sets.join(i, by_name.emplace(takes[i].song, i).first->second);
    }
  }
  std::map<std::size_t, Group> groups;
  for (std::size_t i = 0; i < takes.size(); ++i) {
    Group& group = groups[sets.root(i)];
    if (group.takes.empty() || takes[i].source < group.first_source) {
      group.style = takes[i].style;  // a song danced in two styles counts for the style of its first source
      group.first_source = takes[i].source;
    }
    group.takes.push_back(i);
  }
  std::vector<Group> sorted;
  for (auto& [root, group] : groups) {
    sorted.push_back(std::move(group));
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Group& a, const Group& b) { return a.first_source < b.first_source; });
  return sorted;
}

/// ceil(share * n), but never all of them. 0.1 * 30 is a little more than 3 in binary and must stay 3.
std::int64_t part_of(std::int64_t n, double share) {
  return std::max<std::int64_t>(
      0, std::min(n - 1, static_cast<std::int64_t>(std::ceil(share * static_cast<double>(n) - 1e-9))));
}

}  // namespace

SplitLists make_split(const std::vector<TakeInfo>& takes, const SplitOptions& options) {
  for (const double share : {options.test_share, options.val_share}) {
    if (!(share >= 0.0 && share < 1.0)) {
      throw UsageError("a split's share must be at least 0 and below 1, got {}", share);
    }
  }
  std::map<std::string, std::vector<Group>> styles;
  for (Group& group : find_groups(takes, options.by_song)) {
    styles[group.style].push_back(std::move(group));
  }
  SplitLists lists = {{"train", {}}, {"test", {}}};
  if (options.val_share > 0) {
    lists["val"] = {};
  }
  for (const auto& [style, groups] : styles) {
    const std::int64_t count = std::ssize(groups), test = part_of(count, options.test_share);
    const std::int64_t val = part_of(count - test, options.val_share);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string name = i >= count - test ? "test" : i >= count - test - val ? "val" : "train";
      for (const std::size_t take : groups[static_cast<std::size_t>(i)].takes) {
        lists[name].push_back(takes[take].id);
      }
    }
  }
  for (auto& [name, ids] : lists) {
    std::sort(ids.begin(), ids.end());
  }
  return lists;
}

SplitLists split_dataset(const fs::path& folder, const SplitOptions& options) {
  if (!fs::exists(folder / kIndexFile)) {
    throw DataError("{}: not a dataset folder, {} is missing; make one with `stg_data synth` or `stg_data import`",
                    folder.string(), kIndexFile);
  }
  const std::vector<TakeInfo> takes = read_index(folder);
  if (takes.empty()) {
    throw DataError("{}: lists no take, so there is nothing to split", (folder / kIndexFile).string());
  }
  if (const std::set<std::string> ends = held_out_ends(takes); !ends.empty()) {
    throw DataError(
        "{}: the end of '{}' is held out by `stg_data import --test-tail`, which a split by sources would undo; "
        "import again without it",
        folder.string(), *ends.begin());
  }
  SplitLists lists = make_split(takes, options);
  util::make_folders(folder / kSplitsFolder);
  for (const auto& [name, ids] : read_splits(folder)) {
    if (lists.count(name) == 0) {
      fs::remove(folder / kSplitsFolder / (name + ".txt"));
    }
  }
  for (const auto& [name, ids] : lists) {
    util::write_text(folder / kSplitsFolder / (name + ".txt"), split_text(ids));
  }
  util::write_text(folder / kSplitsFolder / "rule.yaml",
                   fmt::format("rule: last share of the sources of each style\ntest_share: {}\nval_share: {}\n"
                               "by_song: {}\n",
                               options.test_share, options.val_share, options.by_song));
  return lists;
}

}  // namespace stgmamba::data
