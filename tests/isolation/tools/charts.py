"""Draws with matplotlib and with seaborn as agents do: no font is set."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

sales = pd.read_excel("매출.xlsx")
plt.plot(sales["월"], sales["매출"])
plt.title("월별 매출 추이", fontweight="bold")
plt.ylabel("금액 (만 원)")
plt.savefig("output/선.png")

sns.set_theme()
_, axes = plt.subplots()
sns.barplot(sales, x="월", y="매출", ax=axes).set_title("월별 매출 막대")
plt.savefig("output/막대.png")

_, axes = plt.subplots()
axes.semilogy([0.001, 100])
axes.set_title("로그 축 −3 ℃ ±1 ㎡ ①")
plt.savefig("output/로그.png")
