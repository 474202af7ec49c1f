// SPDX-License-Identifier: MIT
// Users' files: small networks written here stand in for the published ones.
#include "stgmamba/image_metrics/metric_nets.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/image_metrics/lpips.hpp"
#include "stgmamba/io/pth.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"
#include "support/torch_script.hpp"

namespace stgmamba::image_metrics {
namespace {

using test::save_script;
using ::testing::HasSubstr;

at::Tensor frames(std::int64_t count) {
  torch::manual_seed(4);
  return torch::randint(0, 256, {count, 3, 40, 33}, torch::kUInt8);
}

TEST(MetricNetsTest, WhatIsMissingIsSaidWithItsSource) {
  const test::TempFolder folder;
  const MetricNets nets(folder.path(), torch::kCPU);
  EXPECT_FALSE(nets.inception(Resize::kPt));
  EXPECT_FALSE(nets.i3d());
  EXPECT_FALSE(nets.lpips_alex());
  EXPECT_THAT(nets.missing({"inception"}),
              ::testing::AllOf(HasSubstr("put inception-2015-12-05.pt"), HasSubstr("stylegan2-ada-pytorch"),
                               HasSubstr(folder.path().string())));
  EXPECT_THAT(nets.report(), HasSubstr("missing     i3d_torchscript.pt"));
}

TEST(MetricNetsTest, InceptionGetsResizedScaledPictures) {
  const test::TempFolder folder;
  const auto path = folder / "inception-2015-12-05.pt";
  save_script(path, "def forward(self, x):\n  return x.mean([2, 3])\n");
  const MetricNets nets(folder.path(), torch::kCPU);
  const at::Tensor x = frames(19);
  for (const Resize mode : {Resize::kPt, Resize::kTf, Resize::kClean}) {
    const auto net = nets.inception(mode);
    const at::Tensor big = resize(x, 299, 299, mode);
    const at::Tensor scaled = mode == Resize::kPt ? big / 127.5 - 1.0 : (big - 128.0) / 128.0;
    EXPECT_TRUE(torch::allclose(net->rows(x), scaled.mean({2, 3}), 1e-5, 1e-5)) << resize_name(mode);
    EXPECT_EQ(net->files.at("inception-2015-12-05.pt"), util::hash_file(path));
  }
  EXPECT_EQ(nets.missing({"inception"}), "");
  EXPECT_THAT(nets.report(), HasSubstr(util::hash_file(path)));
}

TEST(MetricNetsTest, ThePartCalledLayersIsTaken) {
  const test::TempFolder folder;
  save_script(folder / "inception-2015-12-05.pt", "def forward(self, x):\n  return x.sum([2, 3])\n",
              "def forward(self, x):\n  return x.amax([2, 3])\n");
  const at::Tensor x = frames(2);
  const at::Tensor rows = MetricNets(folder.path(), torch::kCPU).inception(Resize::kPt)->rows(x);
  EXPECT_TRUE(torch::allclose(rows, (resize(x, 299, 299, Resize::kPt) / 127.5 - 1.0).amax({2, 3}), 1e-5, 1e-5));
}

TEST(MetricNetsTest, I3dGetsChannelsFirstAndItsSwitchesOff) {
  const test::TempFolder folder;
  const at::Tensor clips = frames(20).view({2, 10, 3, 40, 33});
  const at::Tensor wanted =
      (resize(clips.flatten(0, 1), 224, 224, Resize::kPt) / 127.5 - 1.0).view({2, 10, 3, 224, 224}).mean({1, 3, 4});
  const MetricNets nets(folder.path(), torch::kCPU);
  save_script(folder / "i3d_torchscript.pt", "def forward(self, x):\n  return x.mean([2, 3, 4])\n");
  EXPECT_TRUE(torch::allclose(nets.i3d()->rows(clips), wanted, 1e-4, 1e-4));
  save_script(folder / "i3d_torchscript.pt",
              "def forward(self, x, rescale: bool = True, resize: bool = True, return_features: bool = False):\n"
              "  y = x.mean([2, 3, 4])\n"
              "  if rescale or resize or not return_features:\n    y = y + 100.0\n"
              "  return y\n");
  EXPECT_TRUE(torch::allclose(nets.i3d()->rows(clips), wanted, 1e-4, 1e-4));
  EXPECT_EQ(test::exit_code_of([&] { nets.i3d()->rows(clips.narrow(1, 0, 8)); }), 1);
}

TEST(MetricNetsTest, BadFilesAreNamedOnOneLine) {
  const test::TempFolder folder;
  const MetricNets nets(folder.path(), torch::kCPU);
  util::write_text(folder / "inception-2015-12-05.pt", "no network");
  EXPECT_THAT(test::error_of([&] { nets.inception(Resize::kPt); }), HasSubstr("must be a TorchScript network"));
  save_script(folder / "inception-2015-12-05.pt", "def forward(self, x):\n  return x.mean()\n");
  const std::string error = test::error_of([&] { nets.inception(Resize::kPt)->rows(frames(2)); });
  EXPECT_THAT(error, HasSubstr("inception-2015-12-05.pt"));
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(MetricNetsTest, TheReportTriesWhatIsThere) {
  const test::TempFolder folder;
  const MetricNets nets(folder.path(), torch::kCPU);
  const std::string piece = "\x89PNG\r\n\x1a\n" + std::string(992, 'x');
  for (const NetFile& file : net_files()) {
    util::write_text(folder / file.names.front(), piece);
  }
  for (const NetFile& file : net_files()) {
    EXPECT_THAT(nets.report(), HasSubstr(fmt::format("unreadable  {:<28}", file.names.front())));
  }
  EXPECT_THAT(nets.report(), ::testing::Not(HasSubstr("found")));
  EXPECT_EQ(std::ranges::count(nets.report(), '\n'), std::ssize(net_files()));  // a line a file
  // A network that loads, under a name whose published hash is known, and under one whose is not.
  for (const char* name : {"i3d_torchscript.pt", "inception-2015-12-05.pt"}) {
    save_script(folder / name, "def forward(self, x):\n  return x\n");
  }
  EXPECT_THAT(nets.report(), HasSubstr(util::hash_file(folder / "i3d_torchscript.pt") + ", unknown hash: SHA-256 "));
  EXPECT_THAT(nets.report(), HasSubstr(util::hash_file(folder / "inception-2015-12-05.pt") + "\n"));
  weights::save_module(folder / "lpips_alex.pth", LpipsHeads(LpipsKind::kAlex));
  weights::save_module(folder / "lpips_vgg.pth", LpipsHeads(LpipsKind::kVgg));
  EXPECT_THAT(nets.report(),
              ::testing::AllOf(HasSubstr("found       lpips_alex.pth"), HasSubstr("found       lpips_vgg.pth")));
  save_script(folder / "i3d_torchscript.pt", "def features(self, x):\n  return x\n");
  EXPECT_THAT(nets.report(), HasSubstr("it has no forward"));
}

TEST(MetricNetsTest, LpipsReadsTheNamesOfItsOwners) {
  const test::TempFolder folder;
  torch::manual_seed(6);
  LpipsTrunk trunk(LpipsKind::kAlex);
  LpipsHeads heads(LpipsKind::kAlex);
  weights::Arrays arrays;
  for (const auto& [name, tensor] : weights::named_tensors(trunk)) {
    arrays.emplace(name, weights::to_array(tensor));
  }
  arrays.emplace("classifier.1.weight", weights::to_array(torch::zeros({2, 3})));  // torchvision's, of no use here
  io::write_pth(folder / "alexnet-owt-7be5be79.pth", arrays);
  const MetricNets nets(folder.path(), torch::kCPU);
  EXPECT_FALSE(nets.lpips_alex());  // no heads yet
  weights::save_module(folder / "lpips_alex.pth", heads);
  const auto net = nets.lpips_alex();
  ASSERT_TRUE(net);
  EXPECT_EQ(net->files.size(), 2U);
  const at::Tensor a = frames(18), b = a.flip(3);
  const at::Tensor wanted = lpips(trunk, heads, a.to(torch::kFloat) / 127.5 - 1.0, b.to(torch::kFloat) / 127.5 - 1.0);
  EXPECT_TRUE(torch::allclose(net->distance(a, b), wanted, 1e-4, 1e-6));
  EXPECT_EQ(net->distance(a, a).abs().max().item<double>(), 0.0);
}

TEST(MetricNetsTest, ParameterCountsOfThePublishedTrunks) {
  const auto count = [](const torch::nn::Module& module) { return weights::parameter_count(module); };
  EXPECT_EQ(count(LpipsTrunk(LpipsKind::kAlex)), 2'469'696);
  EXPECT_EQ(count(LpipsTrunk(LpipsKind::kVgg)), 14'714'688);
  EXPECT_EQ(count(LpipsHeads(LpipsKind::kAlex)), 1'152);
  EXPECT_EQ(count(LpipsHeads(LpipsKind::kVgg)), 1'472);
}

TEST(RandomAlexNet, IsTheSameEveryTimeAndTellsPicturesApart) {
  const at::Tensor noise = frames(4), flat = torch::full_like(noise, 128);
  const at::Tensor rows = random_alexnet(torch::kCPU).rows(noise);
  ASSERT_EQ(rows.sizes(), (at::IntArrayRef{4, 256}));
  torch::manual_seed(99);  // the default generator has no part in it
  EXPECT_TRUE(torch::equal(rows, random_alexnet(torch::kCPU).rows(noise)));
  EXPECT_TRUE(random_alexnet(torch::kCPU).files.empty());
  EXPECT_GT((rows - random_alexnet(torch::kCPU).rows(flat)).abs().mean().item<double>(), 0.01);
}

}  // namespace
}  // namespace stgmamba::image_metrics
