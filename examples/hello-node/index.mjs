export const handler = async (event, context) => {
  console.log(`greeting ${event.name ?? 'nobody'}`);
  return { message: `Hello, ${event.name ?? 'world'}, from Node ${process.version}`, requestId: context.awsRequestId };
};
