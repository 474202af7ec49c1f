// SPDX-License-Identifier: MIT
#include "stgmamba/eval/style_column.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/eval/reference_rows.hpp"
#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

models::StGcn small_net(std::uint64_t seed) {
  torch::manual_seed(seed);
  models::StGcn net(models::StGcnConfig{.width = 0.0625, .classes = 3});
  const torch::NoGradGuard no_gradients;
  // As drawn, one class wins everywhere: wide scores of what is seen let the dance decide.
  for (auto& entry : net->named_parameters()) {
    if (entry.key() == "fcn.weight") {
      entry.value().mul_(20.0);
    } else if (entry.key() == "fcn.bias") {
      entry.value().zero_();
    }
  }
  net->eval();
  return net;
}

void write_run(const fs::path& run, const models::StGcn& net, const std::string& labels = "style") {
  const fs::path checkpoint = run / "checkpoints" / io::checkpoint_name(5);
  util::make_folders(checkpoint);
  weights::save_module(checkpoint / "classifier.safetensors", *net);
  io::seal_checkpoint(checkpoint);
  util::write_text(
      run / "config.yaml",
      "task: style_classifier\nmodel: {name: st_gcn, width: 0.0625}\nclassifier: {labels: " + labels + "}\n");
  util::write_text(run / "last", io::checkpoint_name(5) + "\n");
}

eval::TestBed small_bed(const fs::path& folder) {
  eval::TestBedOptions options;
  options.training = false;
  return {write_small_corpus(folder), options};
}

double measured(const metrics::Column& column, const eval::TestBed& bed, const metrics::DanceSet& dances) {
  return column.measure(bed.yardstick(), dances)(metrics::Weights::all(bed.songs().size(), dances.seed_count()));
}

TEST(StyleColumn, IsTheShareOfClipsWhoseStyleTheNetworkSees) {
  const TempFolder folder;
  const eval::TestBed bed = small_bed(folder / "set");
  double last = -1.0;
  bool differs = false;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    models::StGcn net = small_net(seed);
    const fs::path run = folder / ("run" + std::to_string(seed));
    write_run(run, net);
    const torch::NoGradGuard no_gradients;
    double right = 0;
    const auto& clips = bed.yardstick().clips();
    for (const metrics::Clip& clip : clips) {
      const torch::Tensor pose = torch::tensor(skeleton::normalise(clip.motion.xy)).view({1, 50, 18, 2});
      right += net->forward(pose).argmax(1).item<std::int64_t>() == 2 ? 1.0 : 0.0;  // kpop, as all of this corpus
    }
    const double value = measured(eval::style_column(bed, run, torch::kCPU), bed, bed.yardstick().real());
    EXPECT_NEAR(value, right / static_cast<double>(clips.size()), 1e-12) << seed;
    differs = differs || (last >= 0 && value != last);
    last = value;
  }
  EXPECT_TRUE(differs);  // the networks do not all say the same
}

TEST(StyleColumn, TheCardTellsTheClassifier) {
  const TempFolder folder;
  const eval::TestBed bed = small_bed(folder / "set");
  write_run(folder / "a", small_net(1));
  write_run(folder / "b", small_net(2));
  const metrics::Column a = eval::style_column(bed, folder / "a", torch::kCPU);
  const metrics::Column b = eval::style_column(bed, folder / "b/checkpoints" / io::checkpoint_name(5), torch::kCPU);
  EXPECT_EQ(a.card.name, "style_agreement");
  EXPECT_NE(metrics::difference(a.card, {}, b.card, {}), "");
  EXPECT_EQ(metrics::difference(a.card, {}, eval::style_column(bed, folder / "a", torch::kCPU).card, {}), "");
}

TEST(StyleColumn, RefusesOtherClassifiers) {
  const TempFolder folder;
  const eval::TestBed bed = small_bed(folder / "set");
  write_run(folder / "pretext", small_net(1), "pretext");
  const auto load = [&](const char* run) { return [&, run] { eval::style_column(bed, folder / run, torch::kCPU); }; };
  EXPECT_THAT(error_of(load("pretext")), HasSubstr("classifier.labels=style"));
  EXPECT_EQ(exit_code_of(load("pretext")), 2);
  EXPECT_EQ(exit_code_of(load("nothing")), 5);
}

}  // namespace
}  // namespace stgmamba::test
